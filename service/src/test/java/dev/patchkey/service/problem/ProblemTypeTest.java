package dev.patchkey.service.problem;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** There is one table of problems, and the reference has it. */
class ProblemTypeTest {

    private static final Pattern ROW = Pattern.compile("(?m)^\\| (`[a-z-]+`(?:, `[a-z-]+`)*) \\| ([0-9x, ]+) \\|");
    private static final Pattern WORD = Pattern.compile("`([a-z-]+)`");

    @Test
    void theReferenceHasEachTypeWithItsStatus() throws IOException {
        String page = Files.readString(Path.of("../docs/reference/http-api.md"));
        Map<String, String> documented = new HashMap<>();
        Matcher row = ROW.matcher(page.substring(page.indexOf("## Problems")));
        while (row.find()) {
            String[] statuses = row.group(2).trim().split(", ", -1);
            Matcher word = WORD.matcher(row.group(1));
            for (int i = 0; word.find(); i++) {
                documented.put(word.group(1), statuses[Math.min(i, statuses.length - 1)]);
            }
        }
        assertThat(documented.keySet())
                .containsExactlyInAnyOrderElementsOf(Arrays.stream(ProblemType.values())
                        .map(ProblemType::word)
                        .toList());
        for (ProblemType type : ProblemType.values()) {
            assertThat(Integer.toString(type.status().value()))
                    .as(type.word())
                    .matches(documented.getOrDefault(type.word(), "none").replace("x", "[0-9]"));
        }
    }

    @Test
    void noEdgeHasTypesOrTitlesOfItsOwn() throws IOException {
        try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
            for (Path file : files.filter(each -> each.toString().endsWith(".java"))
                    .filter(each -> !each.endsWith("ProblemType.java"))
                    .toList()) {
                String source = Files.readString(file);
                assertThat(source).as(file.toString()).doesNotContain("urn:patchkey");
                for (ProblemType type : ProblemType.values()) {
                    assertThat(source).as(file.toString()).doesNotContain('"' + type.title() + '"');
                }
            }
        }
    }
}
