package dev.patchkey.service.store.hazelcast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.patchkey.service.store.PodRegistry;
import dev.patchkey.service.store.PodRegistry.Phase;
import dev.patchkey.service.store.PodRegistryContract;
import dev.patchkey.service.store.StoreUnavailableException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HazelcastPodRegistryTest extends PodRegistryContract {
    private final TestCluster cluster = TestCluster.of(2, 2);
    private TestCluster.Pod first;
    private TestCluster.Pod second;

    @BeforeEach
    void start() {
        first = cluster.start();
        second = cluster.start();
    }

    @AfterEach
    void stop() {
        cluster.close();
    }

    private static PodRegistry registry(TestCluster.Pod pod) {
        return new HazelcastPodRegistry(pod.member(), new Membership(pod.member(), pod.quorum()));
    }

    @Override
    protected PodRegistry one() {
        return registry(first);
    }

    @Override
    protected PodRegistry other() {
        return registry(second);
    }

    @Test
    void aWriteThatArrivesLateTakesNothingBack() {
        one().put(row("a", Phase.SERVING, 2));
        assertThat(other().put(row("a", Phase.IDLE, 1))).isTrue();
        assertThat(one().all()).containsExactly(row("a", Phase.SERVING, 2));
    }

    @Test
    void whatAPodHasWrittenOutlivesItAndWithoutAQuorumNothingCounts() {
        PodRegistry registry = one();
        for (int i = 0; i < 20; i++) {
            other().put(row("pod-" + i, Phase.SERVING, 1));
        }
        second.kill();
        assertThatThrownBy(registry::all).isInstanceOf(StoreUnavailableException.class);
        assertThatThrownBy(() -> registry.put(row("b", Phase.SERVING, 1)))
                .isInstanceOf(StoreUnavailableException.class);
        second = cluster.start();
        assertThat(registry.all()).hasSizeGreaterThanOrEqualTo(20);
    }
}
