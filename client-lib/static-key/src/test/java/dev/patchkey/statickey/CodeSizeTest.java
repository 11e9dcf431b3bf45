package dev.patchkey.statickey;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    /** Where the table is kept; {@code target} of this module, which is where surefire runs. */
    private static final Path REPORTS = Path.of("target", "code-size");

    private static final List<String> SIZES = List.of("off", "on", "off again", "on again");
    private static final List<String> ALLOCATED = List.of("allocated off", "allocated on");

    /** The columns of {@link CodeSize}, in its order. */
    private static final List<String> COLUMNS =
            Stream.concat(SIZES.stream(), ALLOCATED.stream()).toList();

    /** What was measured, by row and column, and all of it as text. */
    private record Table(Map<String, Map<String, Long>> rows, String text) {

        long at(String row, String column) {
            return Objects.requireNonNull(
                    Objects.requireNonNull(rows.get(row), row).get(column), column);
        }
    }

    private static Table c2;

    @BeforeAll
    static void measure() throws IOException {
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
    @ValueSource(
            strings = {
                "static key: static final",
                "static key: in a constant record",
                "static key: in a constant lambda",
                "static call"
            })
    void aCheckAllocatesNothingOffAndOn(String row) {
        ALLOCATED.forEach(column -> allocatesNothing(column).on(row));
    }

    @Test
    void theCheckerCatchesAKeyThatAllocatesOffAndOn() {
        String broken = "broken: key that allocates";
        ALLOCATED.forEach(
                column -> Check.catches(allocatesNothing(column), broken, "bytes by " + broken + ", " + column));
    }

    private static Check<String> allocatesNothing(String column) {
        return row -> assertThat(c2.at(row, column))
                .as(explained("bytes by " + row + ", " + column))
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

    private static Table measured(String name, int level, String... options) throws IOException {
        Path result = REPORTS.resolve(name + ".tsv");
        Files.deleteIfExists(result);
        List<String> all = new ArrayList<>(List.of(
                "-Xbatch",
                "-XX:CompileCommand=quiet",
                "-XX:CompileCommand=exclude," + CodeSize.class.getName() + "::drive"));
        all.addAll(List.of(options));
        Fork.run(PATIENCE, CodeSize.class, all, result.toString(), String.valueOf(level));
        return parsed(Files.readAllLines(result));
    }

    private static Table parsed(List<String> lines) {
        Map<String, Map<String, Long>> rows = new LinkedHashMap<>();
        StringBuilder text = new StringBuilder(String.format("%-34s", ""));
        COLUMNS.forEach(column -> text.append(String.format("%15s", column)));
        text.append('\n');
        for (String line : lines) {
            String[] cells = line.split("\t", -1);
            Map<String, Long> row = new HashMap<>();
            text.append(String.format("%-34s", cells[0]));
            for (int i = 0; i < COLUMNS.size(); i++) {
                row.put(COLUMNS.get(i), Long.valueOf(cells[i + 1]));
                text.append(String.format("%15s", cells[i + 1]));
            }
            rows.put(cells[0], row);
            text.append('\n');
        }
        return new Table(rows, text.toString());
    }
}
