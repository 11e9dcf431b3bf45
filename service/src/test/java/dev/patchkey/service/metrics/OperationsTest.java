package dev.patchkey.service.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.patchkey.service.channel.WireNode;
import dev.patchkey.service.security.TestTokens;
import dev.patchkey.service.web.HttpApi;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every command is counted once, by whatever way it came. */
class OperationsTest {

    @TempDir
    private Path directory;

    private static double count(Scrape scrape, String action, String outcome) {
        return scrape.value("patchkey_operations_seconds_count", "action=" + action, "outcome=" + outcome);
    }

    @ParameterizedTest
    @ValueSource(strings = {"jdbc", "hazelcast"})
    void commandsAreCountedByWhatTheyDoAndWhatBecomesOfThem(String store) throws IOException {
        try (MeteredService service = new MeteredService(directory, "--patchkey.store=" + store)) {
            HttpApi api = service.as("admin");
            String key = "/v1/keys/operations.key";
            for (int i = 0; i < 3; i++) {
                api.post(key + "/increment", null);
            }
            api.post(key + "/decrement", "{\"by\": 2}");
            api.post(key + "/decrement", "{\"by\": 2}");
            api.put(key + "/holds/admin", "{\"lease\": \"PT10M\"}");
            api.put(key + "/holds/admin", "{\"lease\": \"PT20M\"}");
            api.delete(key + "/holds/admin");
            api.delete(key + "/holds/admin");
            api.delete(key);
            // Read from nowhere, and answered before they are commands.
            api.get(key);
            api.post(key + "/increment", "{\"by\": 0}");

            Scrape scrape = service.scrape();
            assertThat(count(scrape, "increment", "done")).isEqualTo(3);
            assertThat(count(scrape, "decrement", "done")).isEqualTo(1);
            assertThat(count(scrape, "decrement", "refused")).isEqualTo(1);
            assertThat(count(scrape, "acquire", "done")).isEqualTo(1);
            assertThat(count(scrape, "acquire", "unchanged")).isEqualTo(1);
            assertThat(count(scrape, "release", "done")).isEqualTo(1);
            assertThat(count(scrape, "release", "unchanged")).isEqualTo(1);
            assertThat(count(scrape, "delete", "refused")).isEqualTo(1);
            assertThat(scrape.value("patchkey_operations_seconds_count")).isEqualTo(10);
            assertThat(scrape.value("patchkey_operations_seconds_bucket", "le=+Inf"))
                    .isEqualTo(10);
            assertThat(scrape.value("patchkey_store_batch_size_sum")).isEqualTo(10);
            assertThat(scrape.value("patchkey_store_commands_waiting")).isZero();
            // The key has a series of its own from the next look on.
            await().atMost(Duration.ofSeconds(10))
                    .untilAsserted(() -> assertThat(service.scrape()
                                    .value("patchkey_key_edges_total", "direction=enable", "key=operations.key"))
                            .isEqualTo(1));
            assertThat(scrape.value("patchkey_store_state", "state=available")).isEqualTo(1);
            assertThat(scrape.value("patchkey_store_commits_seconds_count", "outcome=done"))
                    .as("one command after the other; what writes nothing may go without a commit")
                    .isBetween(5.0, 10.0);
            assertThat(scrape.value("patchkey_store_commits_seconds_count"))
                    .isEqualTo(scrape.value("patchkey_store_commits_seconds_count", "outcome=done"));
            assertThat(scrape.value("patchkey_store_publications_seconds_count"))
                    .isGreaterThanOrEqualTo(5);
            for (String pods : List.of("members", "size", "quorum")) {
                assertThat(scrape.value("patchkey_cluster_" + pods)).as(pods).isEqualTo(1);
            }
            assertThat(scrape.value("patchkey_pod_lease_rest_seconds")).isBetween(1.0, 27.0);
            if (store.equals("jdbc")) {
                assertThat(scrape.value("patchkey_store_committer")).isEqualTo(1);
            }
            assertThat(scrape.value("patchkey_store_stale")).isZero();
            assertThat(scrape.value("patchkey_store_reconciliation_age_seconds"))
                    .isBetween(0.0, 3.0);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"jdbc", "hazelcast"})
    void leasesThatEndAndNodesThatAcquireAreCounted(String store) throws IOException {
        try (MeteredService service =
                new MeteredService(directory, "--patchkey.store=" + store, "--patchkey.channel.lease=5s")) {
            HttpApi api = service.as("admin");
            api.put("/v1/keys/operations.leased/holds/admin", "{\"lease\": \"PT1S\"}");
            WireNode node = WireNode.connect(service.port, TestTokens.bearer("node"));
            node.send(WireNode.helloOf(
                    "n1", UUID.randomUUID().toString(), "{\"key\":\"operations.node\",\"operation\":1}"));
            node.expect("welcome");
            Scrape early = service.scrape();
            assertThat(count(early, "acquire", "done")).isEqualTo(2);
            assertThat(early.value("patchkey_channel_connects_total", "kind=new"))
                    .isEqualTo(1);
            // Neither sends a heartbeat, nor renews.
            await().atMost(Duration.ofSeconds(40))
                    .untilAsserted(() -> assertThat(count(service.scrape(), "expire", "done"))
                            .isEqualTo(2));
        }
    }

    @Test
    void aNodeThatAppliesAndOneThatIsWaitedForAreTimed() throws IOException {
        try (MeteredService service = new MeteredService(directory)) {
            HttpApi api = service.as("admin");
            WireNode node = WireNode.connect(service.port, TestTokens.bearer("node"));
            node.hello("n1", UUID.randomUUID().toString()).expect("welcome");
            node.apply(node.expect("snapshot"));
            Scrape early = service.scrape();
            assertThat(early.value("patchkey_channel_messages_total", "type=snapshot"))
                    .isEqualTo(1);
            assertThat(early.value("patchkey_channel_messages_total", "type=change"))
                    .isZero();
            // Nodes of an earlier life may be out there for a lease; none is with a database that has just been made.
            assertThat(api.post("/v1/keys/operations.slow/increment?await=applied&timeout=PT0.2S", null)
                            .status())
                    .isEqualTo(202);
            node.apply(node.expect("change"));
            await().atMost(Duration.ofSeconds(10))
                    .untilAsserted(() -> assertThat(api.get("/v1/keys/operations.slow?await=applied&timeout=PT1S")
                                    .status())
                            .isEqualTo(200));
            api.get("/v1/keys/operations.slow");

            Scrape scrape = service.scrape();
            assertThat(scrape.value("patchkey_propagation_sent_seconds_count")).isEqualTo(1);
            assertThat(scrape.value("patchkey_channel_messages_total", "type=change"))
                    .isEqualTo(1);
            assertThat(scrape.value("patchkey_propagation_applied_seconds_count"))
                    .isEqualTo(1);
            assertThat(scrape.value("patchkey_propagation_applied_seconds_sum")).isGreaterThan(0.15);
            assertThat(scrape.value("patchkey_propagation_awaits_seconds_count", "outcome=lagging"))
                    .isEqualTo(1);
            assertThat(scrape.value("patchkey_propagation_awaits_seconds_sum", "outcome=lagging"))
                    .isGreaterThanOrEqualTo(0.2);
            assertThat(scrape.value("patchkey_propagation_awaits_seconds_count", "outcome=applied"))
                    .isGreaterThanOrEqualTo(1);
        }
    }
}
