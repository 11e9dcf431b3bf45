package dev.patchkey.service.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.patchkey.service.Invariant;
import dev.patchkey.service.PatchkeyService;
import dev.patchkey.service.fault.TcpProxy;
import dev.patchkey.service.fault.TcpProxy.Network;
import dev.patchkey.service.propagation.Barrier;
import dev.patchkey.service.propagation.Nodes;
import dev.patchkey.service.propagation.Propagation;
import dev.patchkey.service.refcount.Action;
import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.ReferenceCounts;
import dev.patchkey.service.store.ReferenceCounts.Consistency;
import dev.patchkey.service.store.jdbc.PostgreSqlServer;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import tools.jackson.databind.JsonNode;

/**
 * Whole services over one PostgreSQL, with nodes on the wire, that know nothing of each other but what the database says:
 * as the pods of two clusters do, and those on two sides of a split.
 */
@Invariant(
        number = "S5",
        text =
                "\"Applied everywhere\" is never claimed wrongly: every live pod's view and every live node's session has"
                        + " reached the revision at the time of the answer")
class PodsApartInServiceTest {
    private static final int FIRST_PORT = 25_871;
    private static final Duration NODE_LEASE = Duration.ofSeconds(2);
    private static final Duration POD_LEASE = Duration.ofSeconds(10);

    /** For what takes no time but that of a busy machine. */
    private static final Duration SLACK = Duration.ofSeconds(20);

    private static final KeyName KEY = new KeyName("apart");

    private final PostgreSqlServer server = PostgreSqlServer.shared();
    private final String database = "apart_" + UUID.randomUUID().toString().replace('-', '_');
    private final List<ConfigurableApplicationContext> services = new ArrayList<>();

    PodsApartInServiceTest() {
        server.createDatabase(database);
    }

    @AfterEach
    void stop() {
        services.reversed().forEach(ConfigurableApplicationContext::close);
    }

    private ConfigurableApplicationContext start(String pod, String cluster, int databasePort) {
        ConfigurableApplicationContext service = new SpringApplicationBuilder(PatchkeyService.class)
                .run(
                        "--server.port=0",
                        "--patchkey.cluster.name=" + cluster,
                        "--patchkey.cluster.port=" + (FIRST_PORT + services.size()),
                        "--patchkey.channel.pod=" + pod,
                        "--patchkey.channel.lease=" + NODE_LEASE,
                        "--patchkey.channel.pod-lease=" + POD_LEASE,
                        "--spring.datasource.url=" + PostgreSqlServer.url(databasePort, database),
                        "--spring.datasource.username=" + PostgreSqlServer.USER,
                        "--spring.datasource.password=");
        services.add(service);
        return service;
    }

    private static int port(ConfigurableApplicationContext pod) {
        return pod.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
    }

    private static Version change(ConfigurableApplicationContext pod) {
        Command command = new Command(KEY, new Action.Increment(1), "test", null, null);
        return ((Outcome.Done)
                        pod.getBean(ReferenceCounts.class).submit(command).join())
                .version();
    }

    private static Propagation ask(ConfigurableApplicationContext pod, Version version) {
        return pod.getBean(Barrier.class).await(KEY, version, Duration.ZERO);
    }

    /** A node that renews its lease by the protocol, holds a key, and applies nothing after its snapshot. */
    private static final class LeasedNode implements AutoCloseable {
        private final WireNode wire;
        private final ConcurrentMap<Long, Long> sent = new ConcurrentHashMap<>();
        private final Thread sender;
        private volatile long leaseEnd;
        private volatile boolean done;

        LeasedNode(int port, String name) throws InterruptedException {
            wire = WireNode.connect(port);
            long helloSent = System.nanoTime();
            wire.send(WireNode.helloOf(
                    name, UUID.randomUUID().toString(), "{\"key\":\"held-" + name + "\",\"operation\":1}"));
            wire.expect("welcome");
            leaseEnd = helloSent + NODE_LEASE.toNanos();
            wire.apply(wire.expect("snapshot"));
            sender = Thread.ofVirtual().start(this::beat);
        }

        private void beat() {
            try {
                for (long seq = 1; !done && wire.isOpen(); seq++) {
                    sent.put(seq, System.nanoTime());
                    wire.send("{\"type\":\"heartbeat\",\"seq\":" + seq + "}");
                    long next = System.nanoTime() + NODE_LEASE.dividedBy(10).toNanos();
                    for (long left = 1; left > 0; left = next - System.nanoTime()) {
                        hear(wire.next(Duration.ofMillis(20)));
                    }
                }
            } catch (InterruptedException | RuntimeException gone) {
                // The connection is; the lease runs on.
            }
        }

        private void hear(@Nullable JsonNode message) {
            if (message != null && message.get("type").stringValue().equals("heartbeat")) {
                Long at = sent.get(message.get("seq").longValue());
                if (at != null && isLive()) {
                    leaseEnd = at + NODE_LEASE.toNanos();
                }
            }
        }

        boolean isLive() {
            return leaseEnd - System.nanoTime() > 0;
        }

        @Override
        public void close() {
            done = true;
            wire.socket.abort();
            sender.interrupt();
        }
    }

    @Test
    void aLiveNodeOfAPodThatIsCutOffFromAllIsReckonedWithUntilItIsStale() throws Exception {
        try (TcpProxy proxy = new TcpProxy(server.port())) {
            ConfigurableApplicationContext asking = start("asking", "split", server.port());
            ConfigurableApplicationContext cutOff = start("cut-off", "split", proxy.port());
            try (LeasedNode node = new LeasedNode(port(cutOff), "n1")) {
                Version version = change(asking);
                awaitUnaccounted(asking, version, "cut-off");
                proxy.set(Network.SILENT);
                Duration longer = NODE_LEASE.multipliedBy(2);
                await().during(longer).atMost(longer.multipliedBy(2)).until(node::isLive);
                await().atMost(POD_LEASE.plus(NODE_LEASE).plus(SLACK)).until(() -> {
                    boolean applied = ask(asking, version).applied();
                    boolean held = asking.getBean(ReferenceCounts.class)
                                    .read(new KeyName("held-n1"), Consistency.STRONG)
                                    .state()
                                    .count()
                            == 1;
                    if (node.isLive()) {
                        assertThat(applied).as("claimed while the node is live").isFalse();
                        assertThat(held).as("S7: never the hold of a live node").isTrue();
                    }
                    return applied;
                });
                assertThat(node.wire.closeCode()).isEqualTo(CloseCode.NOT_READY.code);
                await().atMost(SLACK)
                        .untilAsserted(() -> assertThat(asking.getBean(ReferenceCounts.class)
                                        .read(new KeyName("held-n1"), Consistency.STRONG)
                                        .state()
                                        .count())
                                .isZero());
            }
            proxy.set(Network.WELL);
            await().atMost(SLACK).until(() -> isReady(cutOff));
            new LeasedNode(port(cutOff), "n2").close();
        }
    }

    /** The pod that is asked is one of them until it hears of its own change. */
    private static void awaitUnaccounted(ConfigurableApplicationContext pod, Version version, String... pods) {
        await().atMost(SLACK)
                .untilAsserted(() -> assertThat(ask(pod, version).unaccounted()).containsExactly(pods));
    }

    private static boolean isReady(ConfigurableApplicationContext pod) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + port(pod) + "/actuator/health/readiness"))
                .build();
        return WireNode.CLIENT
                        .send(request, HttpResponse.BodyHandlers.discarding())
                        .statusCode()
                == 200;
    }

    @Test
    void theNodesOfAnotherClusterAreReckonedWithUntilTheyHaveMoved() throws Exception {
        ConfigurableApplicationContext old = start("pod-1", "before", server.port());
        ConfigurableApplicationContext fresh = start("pod-1", "after", server.port());
        Version early = change(fresh);
        awaitUnaccounted(fresh, early);
        assertThat(ask(fresh, early).applied()).as("no pod has nodes").isTrue();
        Version version;
        try (LeasedNode node = new LeasedNode(port(old), "n1")) {
            version = change(fresh);
            awaitUnaccounted(fresh, version, "pod-1 of cluster before");
            Duration longer = NODE_LEASE.multipliedBy(3);
            await().during(longer)
                    .atMost(longer.multipliedBy(2))
                    .until(() -> !ask(fresh, version).applied() && node.isLive());
            assertThat(fresh.getBean(ReferenceCounts.class)
                            .read(new KeyName("held-n1"), Consistency.STRONG)
                            .state()
                            .count())
                    .as("S7: the other cluster's nodes keep their holds")
                    .isEqualTo(1);
            services.remove(old);
            old.close();
            assertThat(node.wire.closeCode()).isEqualTo(CloseCode.GOING_AWAY.code);
        }
        try (LeasedNode moved = new LeasedNode(port(fresh), "n1")) {
            assertThat(fresh.getBean(Nodes.class).all()).extracting("node").containsExactly("n1");
            await().atMost(NODE_LEASE.plus(SLACK))
                    .until(() -> ask(fresh, version).applied());
            assertThat(moved.isLive()).isTrue();
        }
    }
}
