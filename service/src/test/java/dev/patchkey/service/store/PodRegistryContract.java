package dev.patchkey.service.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.service.store.PodRegistry.Phase;
import dev.patchkey.service.store.PodRegistry.Row;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What every registry of pods must do. */
public abstract class PodRegistryContract {

    protected static Row row(String id, Phase phase, long renewals) {
        return new Row(id, "pod-1", "c", Duration.ofSeconds(30), Duration.ofSeconds(15), phase, renewals);
    }

    /** The registry, as one pod reaches it. */
    protected abstract PodRegistry one();

    /** The same one, as another does. */
    protected abstract PodRegistry other();

    @Test
    void whatOnePodHasWrittenEveryOtherFinds() {
        assertThat(one().all()).isEmpty();
        assertThat(one().put(row("a", Phase.IDLE, 1))).as("new").isFalse();
        assertThat(other().all()).containsExactly(row("a", Phase.IDLE, 1));
        assertThat(one().put(row("a", Phase.SERVING, 2))).as("known").isTrue();
        assertThat(other().put(row("b", Phase.LEFT, 9))).isFalse();
        assertThat(one().all()).containsExactlyInAnyOrder(row("a", Phase.SERVING, 2), row("b", Phase.LEFT, 9));
    }

    @Test
    void aRowIsForgottenOnlyAsItWasSeen() {
        one().put(row("a", Phase.SERVING, 1));
        Row seen = other().all().getFirst();
        one().put(row("a", Phase.SERVING, 2));
        other().forget(seen);
        assertThat(one().all()).containsExactly(row("a", Phase.SERVING, 2));
        other().forget(row("a", Phase.SERVING, 2));
        assertThat(one().all()).isEmpty();
        assertThat(one().put(row("a", Phase.SERVING, 3)))
                .as("expelled, and told so")
                .isFalse();
        assertThat(other().all()).containsExactly(row("a", Phase.SERVING, 3));
    }
}
