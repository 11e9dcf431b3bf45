package dev.patchkey.service.channel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.service.Invariant;
import dev.patchkey.service.PatchkeyService;
import dev.patchkey.service.propagation.Barrier;
import dev.patchkey.service.propagation.Nodes;
import dev.patchkey.service.propagation.Propagation;
import dev.patchkey.service.refcount.Action;
import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.ReferenceCounts;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import tools.jackson.databind.JsonNode;

/** The channel as the whole service runs it, on either store. */
class ChannelInServiceTest {

    private static final Duration LEASE = Duration.ofSeconds(5);
    private static final KeyName KEY = new KeyName("checkout.trace");

    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"jdbc", "hazelcast"})
    void aChangeGoesFromTheStoreToANodeAndItsConfirmationToTheBarrier(String store) {
        ConfigurableApplicationContext service = start(store);
        CompletableFuture<Integer> closed;
        try (service) {
            ReferenceCounts counts = service.getBean(ReferenceCounts.class);
            Barrier barrier = service.getBean(Barrier.class);
            WireNode node =
                    WireNode.connect(service.getEnvironment().getRequiredProperty("local.server.port", Integer.class));
            node.send(WireNode.helloOf("n1", UUID.randomUUID().toString(), "{\"key\":\"held\",\"operation\":1}"));
            assertThat(node.expect("welcome").get("held")).hasSize(1);
            node.apply(node.expect("snapshot"));

            Version version = increment(counts);
            assertThat(barrier.await(KEY, version, Duration.ZERO).applied()).isFalse();
            JsonNode change = node.expect("change");
            while (!change.get("keys").toString().contains(KEY.value())) {
                // The hold of the hello may come as a change of its own.
                node.apply(change);
                change = node.expect("change");
            }
            node.apply(change);
            AtomicLong seq = new AtomicLong();
            // Longer than the lease for which nodes of an earlier life are waited for, where there may be any.
            Awaitility.await().atMost(LEASE.multipliedBy(4)).untilAsserted(() -> {
                node.send("{\"type\":\"heartbeat\",\"seq\":" + seq.incrementAndGet() + "}");
                Propagation propagation = barrier.await(KEY, version, Duration.ZERO);
                assertThat(propagation.laggards()).isEmpty();
                assertThat(propagation.applied()).isTrue();
            });
            closed = CompletableFuture.supplyAsync(node::closeCode);
            assertThat(service.getBean(Nodes.class).all()).extracting("node").containsExactly("n1");
            // Nodes are counted once a second.
            Awaitility.await()
                    .atMost(LEASE.dividedBy(2))
                    .untilAsserted(() -> assertThat(service.getBean(MeterRegistry.class)
                                    .get("patchkey.nodes")
                                    .tag("state", "connected")
                                    .gauge()
                                    .value())
                            .isEqualTo(1));
        }
        assertThat(closed.join()).isEqualTo(1001);
    }

    @ParameterizedTest
    @CsvSource({"jdbc, true", "hazelcast, false"})
    @Invariant(number = "S5", text = "\"Applied everywhere\" is never claimed wrongly")
    void onlyAStoreThatForgetsNoNodeProvesAtTheFirstStartThatThereIsNone(String store, boolean proves) {
        try (ConfigurableApplicationContext service = start(store)) {
            Version version = increment(service.getBean(ReferenceCounts.class));
            Propagation propagation = service.getBean(Barrier.class).await(KEY, version, LEASE.dividedBy(5));
            assertThat(propagation.applied()).isEqualTo(proves);
            assertThat(propagation.unaccounted()).hasSize(proves ? 0 : 1);
        }
    }

    @Test
    @Invariant(number = "S5", text = "\"Applied everywhere\" is never claimed wrongly")
    void aNodeThatConnectedBeforeAnyKeyWasTouchedIsWaitedForAfterARestart() {
        try (ConfigurableApplicationContext first = start("jdbc")) {
            WireNode.connect(first.getEnvironment().getRequiredProperty("local.server.port", Integer.class))
                    .hello("n1", UUID.randomUUID().toString())
                    .expect("welcome");
        }
        try (ConfigurableApplicationContext restarted = start("jdbc")) {
            Version version = increment(restarted.getBean(ReferenceCounts.class));
            Propagation propagation = restarted.getBean(Barrier.class).await(KEY, version, LEASE.dividedBy(5));
            assertThat(propagation.applied()).isFalse();
            assertThat(propagation.unaccounted()).hasSize(1);
        }
    }

    private static Version increment(ReferenceCounts counts) {
        Outcome outcome = counts.submit(new Command(KEY, new Action.Increment(1), "test", null, null))
                .join();
        return ((Outcome.Done) outcome).version();
    }

    private ConfigurableApplicationContext start(String store) {
        return new SpringApplicationBuilder(PatchkeyService.class)
                .run(
                        "--server.port=0",
                        "--server.address=127.0.0.1",
                        "--patchkey.store=" + store,
                        "--patchkey.channel.lease=" + LEASE,
                        "--patchkey.cluster.name=" + UUID.randomUUID(),
                        "--spring.datasource.url=jdbc:h2:file:" + directory.resolve(store) + ";WRITE_DELAY=0");
    }
}
