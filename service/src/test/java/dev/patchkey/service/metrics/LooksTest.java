package dev.patchkey.service.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.service.propagation.Cluster;
import dev.patchkey.service.propagation.FakeRegistry;
import dev.patchkey.service.propagation.FakeStore;
import dev.patchkey.service.propagation.LeaseTimes;
import dev.patchkey.service.propagation.LiveNodes;
import dev.patchkey.service.propagation.PodCensus;
import dev.patchkey.service.propagation.PodLease;
import dev.patchkey.service.propagation.PropagationMetrics;
import dev.patchkey.service.refcount.Action;
import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.Holder;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.store.LonePod;
import dev.patchkey.service.store.StoreHealth;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What looks show, and what is left of it when one fails. */
class LooksTest {

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final FakeStore store = new FakeStore();
    private long now = 1_000_000_000_000L;
    private boolean copied = true;
    private StoreHealth.Report report = new StoreHealth.Report(StoreHealth.State.AVAILABLE, Instant.EPOCH, null);
    private Instant time = Instant.EPOCH;

    private Looks looks(int bound) {
        LiveNodes nodes = new LiveNodes(
                new LeaseTimes(Duration.ofSeconds(15), Duration.ofSeconds(30)),
                () -> now,
                InstantSource.system(),
                () -> true);
        LonePod pod = new LonePod("pod-1");
        Cluster cluster = new Cluster(nodes, pod, new PodCensus(new FakeRegistry(), pod.id(), () -> now));
        PodLease lease = new PodLease(Duration.ofSeconds(30), () -> now);
        return new Looks(
                new KeyMetrics(store.view(), bound, registry),
                new EdgeMetrics(bound, registry, () -> now),
                new HoldMetrics(store, bound, () -> time, registry),
                new PropagationMetrics(nodes, cluster, lease, bound, registry),
                () -> copied,
                () -> report,
                Duration.ofSeconds(10),
                () -> now,
                registry);
    }

    private double gauge(String name, String... tags) {
        Gauge gauge = registry.find(name).tags(tags).gauge();
        return gauge == null ? Double.NaN : gauge.value();
    }

    private void acquire(String key, String holder, @Nullable Duration lease) {
        store.submit(new Command(
                        new KeyName(key), new Action.Acquire(new Holder(holder), lease, null), "test", null, null))
                .join();
    }

    @Test
    void enabledKeysAreShownFirstAndThenThoseThatWereDisabledLast() {
        store.increment("z");
        store.increment("old");
        store.decrement("old");
        store.increment("late");
        store.decrement("late");
        store.increment("a");
        Looks looks = looks(3);
        looks.look();
        assertThat(gauge("patchkey.key.references", "key", "a")).isEqualTo(1);
        assertThat(gauge("patchkey.key.references", "key", "z")).isEqualTo(1);
        assertThat(gauge("patchkey.key.references", "key", "late")).isZero();
        assertThat(gauge("patchkey.key.references", "key", "old")).isNaN();
        assertThat(gauge("patchkey.keys", "state", "enabled")).isEqualTo(2);
        assertThat(gauge("patchkey.keys", "state", "disabled")).isEqualTo(2);
        assertThat(gauge("patchkey.metrics.omitted", "kind", "keys")).isZero();

        store.increment("a");
        assertThat(gauge("patchkey.key.references", "key", "a"))
                .as("without another look")
                .isEqualTo(2);
        store.increment("b");
        store.increment("c");
        looks.look();
        assertThat(gauge("patchkey.key.references", "key", "late")).isNaN();
        assertThat(gauge("patchkey.key.references", "key", "z")).isNaN();
        assertThat(gauge("patchkey.metrics.omitted", "kind", "keys")).isEqualTo(1);
    }

    @Test
    void nothingIsShownByNameWhereTheBoundIsZero() {
        acquire("a", "alice", Duration.ofMinutes(1));
        looks(0).look();
        assertThat(registry.find("patchkey.key.references").meters()).isEmpty();
        assertThat(registry.find("patchkey.hold.age").meters()).isEmpty();
        assertThat(registry.find("patchkey.hold.lease.rest").meters()).isEmpty();
        assertThat(gauge("patchkey.keys", "state", "enabled")).isEqualTo(1);
        assertThat(gauge("patchkey.holds", "kind", "operator")).isEqualTo(1);
        assertThat(gauge("patchkey.metrics.omitted", "kind", "holds")).isEqualTo(1);
    }

    @Test
    void aHoldHasAnAgeAndARestOfItsLeaseAndGoesWhenItIsReleased() {
        acquire("a", "alice", Duration.ofMinutes(1));
        acquire("a", "bob", null);
        Looks looks = looks(10);
        looks.look();
        time = Instant.EPOCH.plusSeconds(20);
        assertThat(gauge("patchkey.hold.age", "key", "a", "holder", "alice")).isEqualTo(20);
        assertThat(gauge("patchkey.hold.lease.rest", "key", "a", "holder", "alice"))
                .isEqualTo(40);
        assertThat(gauge("patchkey.hold.lease.rest", "key", "a", "holder", "bob"))
                .isNaN();
        store.submit(new Command(new KeyName("a"), new Action.Release(new Holder("alice"), null), "test", null, null))
                .join();
        looks.look();
        assertThat(registry.find("patchkey.hold.age").gauges()).hasSize(1);
        assertThat(registry.find("patchkey.hold.lease.rest").gauges()).isEmpty();
    }

    @Test
    void aStoreThatIsAwayLeavesTheHoldsAsTheyWereAndTheRestGoesOn() {
        acquire("a", "alice", Duration.ofMinutes(1));
        Looks looks = looks(10);
        looks.look();
        now += Duration.ofSeconds(5).toNanos();
        store.increment("b");
        store.unavailable = true;
        copied = false;
        report = new StoreHealth.Report(StoreHealth.State.UNREACHABLE, Instant.EPOCH, "the test says so");
        looks.look();
        assertThat(gauge("patchkey.hold.age", "key", "a", "holder", "alice")).isNotNaN();
        assertThat(gauge("patchkey.key.references", "key", "b")).isEqualTo(1);
        assertThat(gauge("patchkey.cluster.partitions.safe")).isZero();
        assertThat(gauge("patchkey.metrics.look.age")).isEqualTo(5);
        assertThat(gauge("patchkey.store.state", "state", "unreachable")).isEqualTo(1);
        assertThat(gauge("patchkey.store.state", "state", "available")).isZero();

        store.unavailable = false;
        looks.look();
        assertThat(gauge("patchkey.metrics.look.age")).isZero();
    }
}
