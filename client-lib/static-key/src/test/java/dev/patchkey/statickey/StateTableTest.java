package dev.patchkey.statickey;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each row of the table in {@link KeyCore}: from a count, by an event, to a count, and which rebinds that takes. */
class StateTableTest {

    record Row(String event, Consumer<Subject> before, Consumer<Subject> change, int count, String rebinds) {

        @Override
        public String toString() {
            return event + " to " + count + (rebinds.isEmpty() ? "" : ", rebinding to " + rebinds);
        }
    }

    static Stream<Row> rows() {
        Consumer<Subject> nothing = key -> {};
        Consumer<Subject> one = Subject::increment;
        Consumer<Subject> two = one.andThen(one);
        Consumer<Subject> mirroredZero = key -> key.apply(0, 1, 5);
        Consumer<Subject> mirroredTwo = key -> key.apply(2, 1, 5);
        Consumer<Subject> staleTwo = mirroredTwo.andThen(Subject::stale);
        return Stream.of(
                new Row("0 increment", nothing, one, 1, "SLOW ON"),
                new Row("1 increment", one, one, 2, ""),
                new Row("2 decrement", two, Subject::decrement, 1, ""),
                new Row("1 decrement", one, Subject::decrement, 0, "SLOW OFF"),
                new Row("nothing apply 0", nothing, key -> key.apply(0, 1, 1), 0, ""),
                new Row("nothing apply 2", nothing, key -> key.apply(2, 1, 1), 2, "SLOW ON"),
                new Row("0 apply newer 3", mirroredZero, key -> key.apply(3, 1, 6), 3, "SLOW ON"),
                new Row("0 apply newer 0", mirroredZero, key -> key.apply(0, 1, 6), 0, ""),
                new Row("0 apply older 3", mirroredZero, key -> key.apply(3, 1, 4), 0, ""),
                new Row("2 apply newer 1", mirroredTwo, key -> key.apply(1, 1, 6), 1, ""),
                new Row("2 apply newer 0", mirroredTwo, key -> key.apply(0, 1, 6), 0, "SLOW OFF"),
                new Row("2 apply newer epoch 0", mirroredTwo, key -> key.apply(0, 2, 1), 0, "SLOW OFF"),
                new Row("2 apply older 0", mirroredTwo, key -> key.apply(0, 1, 4), 2, ""),
                new Row("2 apply older epoch 0", mirroredTwo, key -> key.apply(0, 0, 9), 2, ""),
                new Row("nothing stale", nothing, Subject::stale, 0, ""),
                new Row("0 stale", mirroredZero, Subject::stale, 0, ""),
                new Row("2 stale", mirroredTwo, Subject::stale, 0, "SLOW OFF"),
                new Row("2, stale, stale", staleTwo, Subject::stale, 0, ""),
                new Row("2, stale, apply same", staleTwo, key -> key.apply(2, 1, 5), 2, "SLOW ON"),
                new Row("2, stale, apply older", staleTwo, key -> key.apply(2, 1, 4), 0, ""),
                new Row("2, stale, apply newer 0", staleTwo, key -> key.apply(0, 1, 6), 0, ""),
                new Row("2, stale, apply newer 4", staleTwo, key -> key.apply(4, 1, 6), 4, "SLOW ON"));
    }

    @ParameterizedTest
    @MethodSource("rows")
    void isAsTheTableSays(Row row) {
        ModelSite site = new ModelSite();
        Subject key = Subject.ours(site::create, 0);
        row.before().accept(key);
        site.trail();
        row.change().accept(key);
        assertThat(key.count()).isEqualTo(row.count());
        assertThat(key.agreed(row.event())).isEqualTo(row.count() > 0);
        List<String> rebinds = site.trail().stream().map(Witness::nameOf).toList();
        assertThat(String.join(" ", rebinds)).isEqualTo(row.rebinds());
        assertThat(site.target()).isSameAs(Targets.free(row.count() > 0));
    }
}
