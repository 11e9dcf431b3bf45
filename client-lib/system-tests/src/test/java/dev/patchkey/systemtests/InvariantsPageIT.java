package dev.patchkey.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The page of invariants names tests that are there, and leaves no invariant without one. */
class InvariantsPageIT {

    private static final Path ROOT = Path.of("../..");
    private static final Pattern TEST = Pattern.compile("`(\\w+(?:Test|IT|Contract))`");
    private static final Pattern ROW = Pattern.compile("(?m)^\\| ([NS]\\d) \\|(.*)$");

    @Test
    void eachInvariantIsListedWithTestsThatAreThere() throws IOException {
        Set<String> tests = testClasses();
        String page = Files.readString(ROOT.resolve("docs/reference/invariants.md"));
        Set<String> listed = new TreeSet<>();
        for (Matcher row = ROW.matcher(page); row.find(); ) {
            Set<String> named = TEST.matcher(row.group(2))
                    .results()
                    .map(match -> match.group(1))
                    .collect(Collectors.toSet());
            assertThat(named).as("tests of %s", row.group(1)).isNotEmpty();
            assertThat(tests).as("tests of %s", row.group(1)).containsAll(named);
            listed.add(row.group(1));
        }
        Set<String> all = new TreeSet<>();
        IntStream.rangeClosed(1, 8).forEach(n -> all.add("N" + n));
        IntStream.rangeClosed(1, 8).forEach(n -> all.add("S" + n));
        assertThat(listed).isEqualTo(all);
    }

    private static Set<String> testClasses() throws IOException {
        try (Stream<Path> files = Files.walk(ROOT)) {
            return files.filter(file -> file.toString().contains("/src/test/java/"))
                    .map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".java"))
                    .map(name -> name.substring(0, name.length() - ".java".length()))
                    .collect(Collectors.toSet());
        }
    }
}
