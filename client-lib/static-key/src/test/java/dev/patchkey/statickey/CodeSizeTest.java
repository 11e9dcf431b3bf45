package dev.patchkey.statickey;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Invariant(
        number = "N4",
        text =
                "Free: after warm-up a check compiles in C2 to the same code as static final boolean, on and off, takes no"
                        + " lock, allocates nothing; here, by the size of the code and the bytes allocated")
class CodeSizeTest {

    private static final String LIMIT = "static final boolean";

    /** Long enough for a measurement that takes seconds, on a machine that is a hundred times too busy. */
    private static final long PATIENCE_MINUTES = 5;

    /** Where the table is kept; {@code target} of this module, which is where surefire runs. */
    private static final Path REPORTS = Path.of("target", "code-size");

    private static final List<String> SIZES = List.of("off", "on", "off again", "on again");
    private static final String ALLOCATED = "allocated";

    /** The columns of {@link CodeSize}, in its order. */
    private static final List<String> COLUMNS =
            Stream.concat(SIZES.stream(), Stream.of(ALLOCATED)).toList();

    /** What was measured, by row and column, and all of it as text. */
    private record Table(Map<String, Map<String, Long>> rows, String text) {

        long at(String row, String column) {
            return Objects.requireNonNull(
                    Objects.requireNonNull(rows.get(row), row).get(column), column);
        }
    }

    private static Table c2;

    @BeforeAll
    static void measure() throws IOException, InterruptedException {
        Files.createDirectories(REPORTS);
        String jvm = "jdk" + Runtime.version().feature();
        c2 = measured(jvm + "-c2", 4);
        Table c1 = measured(jvm + "-c1", 1, "-XX:TieredStopAtLevel=1");
        String text = "Bytes of machine code of a method with " + CodeShapes.CHECKS + " checks, "
                + System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version") + ", "
                + System.getProperty("os.arch") + "\n\nC2\n" + c2.text + "\nC1\n" + c1.text;
        Files.writeString(REPORTS.resolve(jvm + ".txt"), text);
        System.out.println(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "static key: static final",
                "static key: in a constant record",
                "static key: in a constant lambda"
            })
    void aCheckIsNoLargerThanThatOfAStaticFinalBoolean(String key) {
        isNoLargerThan(LIMIT).on(key);
    }

    @Test
    void theFirstCheckThatIsCompiledIsNoLargerThanThatOfAStaticFinalBoolean() {
        isNoLargerThan("one check: static final boolean").on("one check: static key");
    }

    @Test
    void aCheckThatIsOffIsNotThereAtAll() {
        assertThat(c2.at("static key: static final", "off"))
                .as(explained("code of a check that is off, against code without any"))
                .isEqualTo(c2.at("no check", "off"));
    }

    @Test
    void aStaticCallIsNoLargerThanADirectCall() {
        isNoLargerThan("direct call").on("static call");
    }

    @ParameterizedTest
    @ValueSource(strings = {"broken: key of an ordinary class", "broken: key that reads its count"})
    void theCheckerCatchesAKeyThatDoesNotFold(String broken) {
        Check.catches(isNoLargerThan(LIMIT), broken, "code of " + broken);
    }

    @Test
    void theCheckerCatchesACallThatIsChosenAtEachCall() {
        Check.catches(isNoLargerThan("direct call"), "call through a volatile", "code of call through a volatile");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "static key: in a final field",
                "static key: in an enum constant",
                "static key: in an array",
                "static key: in an Optional",
                "volatile boolean"
            })
    void whatIsSaidNotToFoldCostsMoreOffAndOn(String row) {
        for (String column : SIZES) {
            assertThat(c2.at(row, column))
                    .as(explained("code of " + row + ", " + column))
                    .isGreaterThan(c2.at(LIMIT, column));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"static key: static final", "static call"})
    void aCheckAllocatesNothing(String row) {
        allocatesNothing(row);
    }

    @Test
    void theCheckerCatchesAKeyThatAllocates() {
        Check.catches(CodeSizeTest::allocatesNothing, "broken: key that allocates", "bytes allocated by");
    }

    private static void allocatesNothing(String row) {
        assertThat(c2.at(row, ALLOCATED))
                .as(explained("bytes allocated by " + row))
                .isZero();
    }

    private static Check<String> isNoLargerThan(String limit) {
        return row -> {
            for (String column : SIZES) {
                assertThat(c2.at(row, column))
                        .as(explained("code of " + row + ", " + column + ", against " + limit))
                        .isLessThanOrEqualTo(c2.at(limit, column));
            }
        };
    }

    private static String explained(String what) {
        return what + ", of\n" + c2.text;
    }

    /** Runs {@link CodeSize} in a JVM like this one, but for the agents and options that this one was started with. */
    private static Table measured(String name, int level, String... options) throws IOException, InterruptedException {
        Path result = REPORTS.resolve(name + ".tsv");
        Path log = REPORTS.resolve(name + ".log");
        Files.deleteIfExists(result);
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xbatch",
                "-XX:CompileCommand=quiet",
                "-XX:CompileCommand=exclude," + CodeSize.class.getName() + "::drive"));
        command.addAll(List.of(options));
        command.addAll(List.of(
                "-cp",
                rootOf(CodeSize.class) + File.pathSeparator + rootOf(StaticKey.class),
                CodeSize.class.getName(),
                result.toString(),
                String.valueOf(level)));
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS").forEach(builder.environment()::remove);
        Process process = builder.start();
        try {
            if (!process.waitFor(PATIENCE_MINUTES, TimeUnit.MINUTES)) {
                fail("%s did not end within %s minutes:%n%s", command, PATIENCE_MINUTES, Files.readString(log));
            }
        } finally {
            process.destroyForcibly();
        }
        assertThat(process.exitValue())
                .as("the exit of %s, which said:%n%s", command, Files.readString(log))
                .isZero();
        return parsed(Files.readAllLines(result));
    }

    /** The directory that a class comes from, wherever its module says that it is. */
    private static Path rootOf(Class<?> type) {
        String file = type.getName().replace('.', '/') + ".class";
        String location = Objects.requireNonNull(type.getResource("/" + file)).toString();
        return Path.of(URI.create(location.substring(0, location.length() - file.length())));
    }

    private static Table parsed(List<String> lines) {
        Map<String, Map<String, Long>> rows = new LinkedHashMap<>();
        StringBuilder text = new StringBuilder(String.format("%-34s", ""));
        COLUMNS.forEach(column -> text.append(String.format("%12s", column)));
        text.append('\n');
        for (String line : lines) {
            String[] cells = line.split("\t", -1);
            Map<String, Long> row = new HashMap<>();
            text.append(String.format("%-34s", cells[0]));
            for (int i = 0; i < COLUMNS.size(); i++) {
                row.put(COLUMNS.get(i), Long.valueOf(cells[i + 1]));
                text.append(String.format("%12s", cells[i + 1]));
            }
            rows.put(cells[0], row);
            text.append('\n');
        }
        return new Table(rows, text.toString());
    }
}
