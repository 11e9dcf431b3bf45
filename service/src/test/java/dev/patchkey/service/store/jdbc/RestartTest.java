package dev.patchkey.service.store.jdbc;

import static dev.patchkey.service.refcount.Commands.on;
import static dev.patchkey.service.refcount.Commands.requested;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.patchkey.service.Invariant;
import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.Holder;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.NodeStamp;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.refcount.Refusal;
import dev.patchkey.service.store.ReferenceCounts.Consistency;
import dev.patchkey.service.store.ReferenceCounts.Read;
import dev.patchkey.service.store.hazelcast.TestCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What a store finds when it comes back. */
@ParameterizedClass
@EnumSource(TestDatabase.Kind.class)
class RestartTest {
    private static final int ACKNOWLEDGEMENTS = 300;

    private final TestDatabase.Kind kind;

    RestartTest(TestDatabase.Kind kind) {
        this.kind = kind;
    }

    private static Outcome submit(JdbcReferenceCounts counts, Command command) {
        return counts.submit(command).join();
    }

    @Test
    @Invariant(number = "S1", text = "Nothing acknowledged is lost or doubled under restarts")
    void aRestartFindsEverything(@TempDir Path directory) {
        Command request = requested(on("a").increment(2), "request", "hash");
        Outcome first;
        Read before;
        long epoch;
        try (TestCluster cluster = TestCluster.ofOne();
                TestDatabase database = TestDatabase.of(kind, directory);
                JdbcReferenceCounts counts = database.counts(cluster.start())) {
            first = submit(counts, request);
            submit(counts, on("a").acquire("alice", Duration.ofMinutes(5)));
            submit(counts, on("a").acquire("node", new NodeStamp(1, 3, "s")));
            submit(counts, on("a").acquire("gone", new NodeStamp(1, 1, "s")));
            submit(counts, on("a").release("gone", new NodeStamp(1, 2, "s")));
            submit(counts, on("b").increment(1));
            submit(counts, on("b").decrement(1));
            submit(counts, on("b").delete());
            before = counts.read(new KeyName("a"), Consistency.CLUSTER);
            epoch = counts.view().version().epoch();
        }
        try (TestCluster cluster = TestCluster.ofOne();
                TestDatabase database = TestDatabase.of(kind, directory);
                JdbcReferenceCounts counts = database.counts(cluster.start())) {
            for (Consistency consistency : Consistency.values()) {
                assertThat(counts.read(new KeyName("a"), consistency)).isEqualTo(before);
            }
            assertThat(counts.view().version().epoch()).isEqualTo(epoch);
            assertThat(counts.view().snapshot().entries()).hasSize(2);
            assertThat(submit(counts, request)).isEqualTo(first);
            assertThat(submit(counts, on("a").acquire("gone", new NodeStamp(1, 1, "s"))))
                    .isInstanceOfSatisfying(
                            Outcome.Refused.class,
                            refused -> assertThat(refused.refusal()).isEqualTo(Refusal.OPERATION_SUPERSEDED));
            assertThat(counts.heldBy(new Holder("node"))).hasSize(1);
            assertThat(((Outcome.Done) submit(counts, on("b").increment(1)))
                            .version()
                            .revision())
                    .isGreaterThan(before.version().revision());
        }
    }

    @Test
    @Invariant(number = "S1", text = "Nothing acknowledged is lost or doubled when the process is killed")
    void aKilledProcessHasLostNothingThatItAcknowledged(@TempDir Path directory) throws Exception {
        Path output = directory.resolve("output");
        Process process = start(TestDatabase.url(kind, directory), output);
        await().atMost(Duration.ofSeconds(60))
                .until(() -> acknowledgements(output).size() >= ACKNOWLEDGEMENTS);
        process.destroyForcibly();
        process.waitFor();
        Map<String, Long> acknowledged = acknowledgements(output);
        assertThat(acknowledged).hasSizeGreaterThanOrEqualTo(ACKNOWLEDGEMENTS);
        try (TestCluster cluster = TestCluster.ofOne();
                TestDatabase database = TestDatabase.of(kind, directory);
                JdbcReferenceCounts counts = database.counts(cluster.start())) {
            int found = counts.read(new KeyName(CommitterProcess.KEY), Consistency.STRONG)
                    .state()
                    .count();
            assertThat(found).isBetween(acknowledged.size(), acknowledged.size() + CommitterProcess.THREADS);
            acknowledged.forEach((request, revision) -> {
                Outcome again =
                        submit(counts, requested(on(CommitterProcess.KEY).increment(1), request, "hash"));
                assertThat(((Outcome.Done) again).version().revision()).isEqualTo(revision);
            });
            assertThat(counts.read(new KeyName(CommitterProcess.KEY), Consistency.STRONG)
                            .state()
                            .count())
                    .isEqualTo(found);
        }
    }

    private static Map<String, Long> acknowledgements(Path output) throws IOException {
        Map<String, Long> acknowledged = new HashMap<>();
        String text = Files.readString(output);
        // The last line may be torn.
        text.substring(0, text.lastIndexOf('\n') + 1)
                .lines()
                .filter(line -> line.startsWith("ack "))
                .map(line -> line.split(" ", -1))
                .forEach(words -> acknowledged.put(words[1], Long.valueOf(words[2])));
        return acknowledged;
    }

    private static Process start(String url, Path output) throws Exception {
        return new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-Xmx256m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        CommitterProcess.class.getName(),
                        url)
                .redirectOutput(output.toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
    }
}
