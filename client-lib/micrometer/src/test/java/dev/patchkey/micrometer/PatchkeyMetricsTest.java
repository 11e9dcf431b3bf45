package dev.patchkey.micrometer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.patchkey.client.KeyRebind;
import dev.patchkey.client.Patchkey;
import dev.patchkey.client.Status;
import dev.patchkey.statickey.StaticKey;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MockClock;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.simple.SimpleConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What the meters say is what the node says, for as long as they are bound. */
class PatchkeyMetricsTest {

    private static final Duration LONG = Duration.ofSeconds(20);
    private static final Duration SECOND = Duration.ofSeconds(1);

    private final StubNode node = new StubNode();
    private final MockClock clock = new MockClock();
    private final MeterRegistry registry = new SimpleMeterRegistry(SimpleConfig.DEFAULT, clock);

    private double value(String name, String... labels) {
        return registry.get(name)
                .tags(labels)
                .meter()
                .measure()
                .iterator()
                .next()
                .getValue();
    }

    private Set<String> keysWithSeries() {
        return registry.find("patchkey.node.call.sites").meters().stream()
                .map(meter -> meter.getId().getTag("key"))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void eachMeterSaysWhatTheNodeSays() {
        try (PatchkeyMetrics metrics = PatchkeyMetrics.of(node)) {
            metrics.bindTo(registry);
            assertThat(value("patchkey.node.connected")).isEqualTo(1);
            assertThat(value("patchkey.node.phase", "phase", "ready")).isEqualTo(1);
            assertThat(value("patchkey.node.phase", "phase", "stale")).isZero();
            assertThat(value("patchkey.node.silence")).isEqualTo(1.5);
            assertThat(value("patchkey.node.connects")).isEqualTo(3);
            assertThat(value("patchkey.node.holds")).isEqualTo(2);
            assertThat(value("patchkey.node.revision")).isEqualTo(40);
            assertThat(value("patchkey.node.revision.lag")).isEqualTo(5);
            assertThat(value("patchkey.node.apply.lag")).isEqualTo(0.25);
            assertThat(value("patchkey.node.keys.waiting", "reason", "queued")).isEqualTo(4);
            assertThat(value("patchkey.node.keys.waiting", "reason", "paced")).isEqualTo(3);
            assertThat(value("patchkey.node.keys.waiting", "reason", "failed")).isEqualTo(2);
            assertThat(value("patchkey.node.keys.waiting", "reason", "refused")).isEqualTo(1);
            assertThat(value("patchkey.node.edges", "direction", "enable")).isEqualTo(7);
            assertThat(value("patchkey.node.edges", "direction", "disable")).isEqualTo(6);
            assertThat(value("patchkey.node.rebinds.failed")).isEqualTo(9);
            assertThat(value("patchkey.node.keys", "state", "enabled")).isEqualTo(1);
            assertThat(value("patchkey.node.keys", "state", "disabled")).isEqualTo(2);
            assertThat(value("patchkey.node.keys.mirrored")).isEqualTo(11);
            assertThat(value("patchkey.node.metrics.omitted")).isZero();
            assertThat(value("patchkey.node.call.sites", "key", "b")).isEqualTo(3);
            assertThat(keysWithSeries()).containsExactly("a", "b", "c");

            node.phase = Status.Phase.STALE;
            node.pod = null;
            node.edges = 8;
            node.callSites = Map.of("a", 1, "b", 4, "c", 1);
            clock.add(SECOND);
            assertThat(value("patchkey.node.connected")).isZero();
            assertThat(value("patchkey.node.phase", "phase", "ready")).isZero();
            assertThat(value("patchkey.node.phase", "phase", "stale")).isEqualTo(1);
            assertThat(value("patchkey.node.edges", "direction", "enable")).isEqualTo(8);
            assertThat(value("patchkey.node.call.sites", "key", "b")).isEqualTo(4);
        }
    }

    @Test
    void rebindsAreTimedByDirection() {
        try (PatchkeyMetrics metrics = PatchkeyMetrics.of(node)) {
            metrics.bindTo(registry);
            node.rebind(new KeyRebind("a", true, Duration.ofMillis(3)));
            node.rebind(new KeyRebind("b", true, Duration.ofMillis(1)));
            node.rebind(new KeyRebind("a", false, Duration.ofMillis(7)));
            assertThat(registry.get("patchkey.node.rebind")
                            .tags("direction", "enable")
                            .timer()
                            .takeSnapshot())
                    .satisfies(enables -> {
                        assertThat(enables.count()).isEqualTo(2);
                        assertThat(enables.total()).isEqualTo(4_000_000);
                        assertThat(enables.max()).isEqualTo(3_000_000);
                    });
            assertThat(registry.get("patchkey.node.rebind")
                            .tags("direction", "disable")
                            .timer()
                            .count())
                    .isEqualTo(1);
        }
    }

    @Test
    void aScrapeAsksTheNodeOnce() {
        try (PatchkeyMetrics metrics = PatchkeyMetrics.of(node)) {
            metrics.bindTo(registry);
            clock.add(SECOND);
            int before = node.asked.get();
            registry.getMeters().forEach(Meter::measure);
            registry.getMeters().forEach(meter -> meter.measure().forEach(each -> each.getValue()));
            assertThat(node.asked).hasValue(before + 1);
        }
    }

    @Test
    void keysBeyondTheBoundHaveNoSeriesAndAreCounted() {
        Map<String, Integer> many = new HashMap<>();
        for (int i = 0; i < 1_000; i++) {
            many.put("key-" + i, 1);
        }
        node.callSites = many;
        for (int bound : List.of(0, 1, 200)) {
            try (PatchkeyMetrics metrics =
                    PatchkeyMetrics.builder(node).keys(bound).build()) {
                metrics.bindTo(registry);
                assertThat(keysWithSeries())
                        .hasSize(bound)
                        .containsExactlyElementsOf(
                                many.keySet().stream().sorted().limit(bound).toList());
                assertThat(value("patchkey.node.metrics.omitted")).isEqualTo(1_000 - bound);
            }
        }
        try (PatchkeyMetrics metrics = PatchkeyMetrics.of(node)) {
            metrics.bindTo(registry);
            assertThat(keysWithSeries()).as("by default").hasSize(200);
        }
    }

    @Test
    void keysThatComeAndGoGetAndLoseTheirSeries() {
        try (PatchkeyMetrics metrics =
                PatchkeyMetrics.builder(node).interval(SECOND).build()) {
            metrics.bindTo(registry);
            node.callSites = Map.of("b", 3, "d", 2);
            clock.add(SECOND);
            await().atMost(LONG)
                    .untilAsserted(() -> assertThat(keysWithSeries()).containsExactly("b", "d"));
            assertThat(value("patchkey.node.call.sites", "key", "d")).isEqualTo(2);
        }
    }

    @Test
    void aLookThatFailsIsNotTheLast() {
        try (PatchkeyMetrics metrics =
                PatchkeyMetrics.builder(node).interval(SECOND).build()) {
            metrics.bindTo(registry);
            int before = node.asked.get();
            Map<String, Integer> broken = new HashMap<>();
            broken.put("a", null);
            node.callSites = broken;
            clock.add(SECOND);
            await().atMost(LONG).until(() -> node.asked.get() > before);
            node.callSites = Map.of("d", 1);
            await().atMost(LONG)
                    .untilAsserted(() -> assertThat(keysWithSeries()).containsExactly("d"));
        }
    }

    @Test
    void closingTakesEverythingAway() {
        PatchkeyMetrics metrics =
                PatchkeyMetrics.builder(node).tags(Tags.of("team", "a")).build();
        MeterRegistry other = new SimpleMeterRegistry();
        metrics.bindTo(registry);
        metrics.bindTo(other);
        metrics.bindTo(registry);
        assertThat(node.listeners).hasSize(1);
        assertThat(registry.getMeters()).hasSameSizeAs(other.getMeters()).allSatisfy(meter -> {
            assertThat(meter.getId().getName()).startsWith("patchkey.node.");
            assertThat(meter.getId().getTag("team")).isEqualTo("a");
        });
        registry.counter("patchkey.node.of.somebody.else");

        metrics.close();
        metrics.close();
        assertThat(registry.getMeters()).hasSize(1);
        assertThat(other.getMeters()).isEmpty();
        assertThat(node.listeners).isEmpty();
        await().atMost(LONG)
                .until(() -> Thread.getAllStackTraces().keySet().stream()
                        .noneMatch(thread -> thread.getName().equals("patchkey-metrics")));
        assertThatThrownBy(() -> metrics.bindTo(registry))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    @Test
    void settingsOutOfRangeAreRefusedByName() {
        PatchkeyMetrics.Builder builder = PatchkeyMetrics.builder(node);
        for (int keys : new int[] {-1, 10_001}) {
            assertThatThrownBy(() -> builder.keys(keys))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("keys must be from 0 to 10000, but was " + keys);
        }
        for (Duration interval : List.of(Duration.ofMillis(999), Duration.ofSeconds(601))) {
            assertThatThrownBy(() -> builder.interval(interval))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("interval must be from PT1S to PT10M, but was " + interval);
        }
    }

    @Test
    void aNodeWithoutAServiceHasItsMeters() {
        StaticKey key = StaticKey.of("micrometer.real");
        key.select(1, 2);
        try (Patchkey real = Patchkey.builder(URI.create("http://127.0.0.1:1")).start();
                PatchkeyMetrics metrics = PatchkeyMetrics.of(real)) {
            metrics.bindTo(registry);
            assertThat(value("patchkey.node.phase", "phase", "connecting")).isEqualTo(1);
            assertThat(value("patchkey.node.connected")).isZero();
            assertThat(value("patchkey.node.call.sites", "key", key.name())).isEqualTo(2);
            assertThat(value("patchkey.node.silence")).isNotNegative();
        }
        assertThat(registry.getMeters()).isEmpty();
    }
}
