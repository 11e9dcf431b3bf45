package dev.patchkey.service.store.hazelcast;

import static dev.patchkey.service.refcount.Commands.on;
import static dev.patchkey.service.refcount.Commands.requested;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.hazelcast.map.IMap;
import dev.patchkey.service.refcount.Holder;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.refcount.Refusal;
import dev.patchkey.service.store.Incarnations;
import dev.patchkey.service.store.ReferenceCounts;
import dev.patchkey.service.store.ReferenceCountsContract;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class HazelcastReferenceCountsTest extends ReferenceCountsContract {
    private final TestCluster cluster = TestCluster.ofOne();
    private ReferenceCounts counts;
    private Incarnations incarnations;
    private IMap<String, Long> heard;

    @SuppressWarnings("NullAway.Init") // start() is run first
    HazelcastReferenceCountsTest() {}

    @BeforeAll
    void start() {
        TestCluster.Pod pod = cluster.start();
        counts = pod.counts();
        incarnations = pod.incarnations();
        heard = pod.member().getMap(ClusterConfig.HEARD);
    }

    @AfterAll
    void stop() {
        cluster.close();
    }

    @Override
    protected ReferenceCounts counts() {
        return counts;
    }

    @Override
    protected Incarnations incarnations() {
        return incarnations;
    }

    @Override
    protected void makeSilent(Holder node, Duration time) {
        heard.set(node.value(), Instant.now().minus(time).toEpochMilli());
    }

    @Test
    void refusesARequestRatherThanForgetAnotherOneEarly() {
        List<CompletableFuture<Outcome>> all = new ArrayList<>();
        for (int i = 0; i < DecideBatch.MOST_REQUESTS + 5; i++) {
            all.add(counts.submit(requested(on("busy").increment(1), "request " + i, "hash")));
        }
        List<Outcome> outcomes = all.stream().map(CompletableFuture::join).toList();
        assertThat(outcomes.stream().filter(Outcome.Refused.class::isInstance))
                .hasSize(5)
                .allSatisfy(refused ->
                        assertThat(((Outcome.Refused) refused).refusal()).isEqualTo(Refusal.TOO_MANY_REQUESTS));
        assertThat(submit(counts, requested(on("busy").increment(1), "request 0", "hash")))
                .isEqualTo(outcomes.getFirst());
    }

    @Test
    void saysThatItKeepsNoHistory() {
        assertThatExceptionOfType(UnsupportedOperationException.class)
                .isThrownBy(() -> counts.history(new KeyName("a"), Long.MAX_VALUE, 10));
    }
}
