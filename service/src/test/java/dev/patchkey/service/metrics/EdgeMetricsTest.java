package dev.patchkey.service.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.LocalView;
import dev.patchkey.service.store.View;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EdgeMetricsTest {

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final LocalView view = new LocalView(true);
    private long now = 1_000_000_000_000L;
    private final EdgeMetrics edges = new EdgeMetrics(2, registry, () -> now);
    private long revision;

    @BeforeEach
    void subscribe() {
        view.replace(new Version(1, 0), List.of(entry("before", 1)));
        view.subscribe(edges);
    }

    private View.Entry entry(String key, int count) {
        return new View.Entry(new KeyName(key), count, new Version(1, ++revision));
    }

    private void change(String key, int count) {
        view.offer(entry(key, count));
    }

    private double count(String key, String direction) {
        FunctionCounter counter = registry.find("patchkey.key.edges")
                .tags("key", key, "direction", direction)
                .functionCounter();
        return counter == null ? -1 : counter.count();
    }

    @Test
    void onlyWhatCrossesZeroIsAnEdge() {
        change("a", 1);
        change("a", 2);
        change("a", 1);
        change("a", 0);
        change("a", 3);
        change("before", 0);
        edges.look();
        assertThat(count("a", "enable")).isEqualTo(2);
        assertThat(count("a", "disable")).isEqualTo(1);
        assertThat(count("before", "enable")).isZero();
        assertThat(count("before", "disable")).isEqualTo(1);
        change("a", 0);
        assertThat(count("a", "disable")).as("without another look").isEqualTo(2);
    }

    @Test
    void anEntryThatIsNoNewsIsNoEdge() {
        View.Entry first = entry("a", 1);
        view.offer(first);
        view.offer(first);
        edges.look();
        assertThat(count("a", "enable")).isEqualTo(1);
    }

    @Test
    void keysBeyondTheBoundCountTogether() {
        change("a", 1);
        change("b", 1);
        change("c", 1);
        change("d", 1);
        change("a", 0);
        edges.look();
        assertThat(count("a", "disable")).isEqualTo(1);
        assertThat(count("c", "enable")).isEqualTo(-1);
        assertThat(count(EdgeMetrics.OTHER, "enable")).isEqualTo(2);
        assertThat(count(EdgeMetrics.OTHER, "disable")).isZero();
        assertThat(registry.getMeters()).hasSize(2 * 2 + 2);
        assertThat(KeyName.isValid(EdgeMetrics.OTHER)).isFalse();
    }

    @Test
    void aKeyThatIsQuietForLongMakesRoomForAnother() {
        change("a", 1);
        change("b", 1);
        edges.look();
        now += Duration.ofMinutes(59).toNanos();
        change("b", 0);
        now += Duration.ofMinutes(2).toNanos();
        edges.look();
        assertThat(count("a", "enable")).isEqualTo(-1);
        assertThat(count("b", "enable")).isEqualTo(1);
        change("c", 1);
        edges.look();
        assertThat(count("c", "enable")).isEqualTo(1);
        change("a", 0);
        assertThat(count(EdgeMetrics.OTHER, "disable")).isEqualTo(1);
    }

    @Test
    void aNewEpochIsNoEdge() {
        change("a", 1);
        edges.look();
        view.replace(new Version(2, 0), List.of());
        view.offer(new View.Entry(new KeyName("a"), 1, new Version(2, 1)));
        assertThat(count("a", "enable")).isEqualTo(2);
        assertThat(count("a", "disable")).isZero();
    }
}
