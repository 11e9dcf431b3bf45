package dev.patchkey.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** A start that fails says in a sentence why, and what to do. */
@ExtendWith(OutputCaptureExtension.class)
class StartFailuresTest {

    private static String analysis(CapturedOutput output, String... settings) {
        List<String> arguments = new ArrayList<>(List.of("--server.port=0"));
        for (String setting : settings) {
            arguments.add("--" + setting);
        }
        assertThatThrownBy(() -> SpringApplication.run(PatchkeyService.class, arguments.toArray(String[]::new)))
                .isNotNull();
        return output.getAll().substring(Math.max(0, output.getAll().lastIndexOf("APPLICATION FAILED TO START")));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "patchkey.stroe=hazelcast|patchkey.stroe must be a setting of the service, and is none.",
                "patchkey.clutser.size=3|patchkey.clutser.size must be a setting of the service, and is none.",
                "patchkey.cluster.seize=3|patchkey.cluster.seize must be a setting of the service, and is none.",
                "patchkey.channel.leases=9s|patchkey.channel.leases must be a setting of the service, and is none.",
                "patchkey.history.kept=P1D|patchkey.history.kept must be a setting of the service, and is none.",
                "patchkey.holds.lease=P1D|patchkey.holds.lease must be a setting of the service, and is none.",
                "patchkey.epoch.begin=true|patchkey.epoch.begin must be a setting of the service, and is none.",
                "patchkey.limits.bursts=1|patchkey.limits.bursts must be a setting of the service, and is none.",
                "patchkey.metrics.key=1|patchkey.metrics.key must be a setting of the service, and is none.",
                "patchkey.store=redis|patchkey.store must be jdbc or hazelcast, and is redis.",
                "patchkey.cluster.size=0|patchkey.cluster.size must be 1 to 99, and is 0.",
                "patchkey.history.changes=0|patchkey.history.changes must be at least 1, and is 0.",
                "patchkey.channel.lease=1ms|patchkey.channel.lease must be from PT1S to PT10M, and is PT0.001S.",
                "patchkey.channel.forget-after=1h|patchkey.channel.forget-after must be from PT24H to PT87600H, and is PT1H.",
                "patchkey.channel.pod-lease=9s|patchkey.channel.pod-lease must be from PT10S to PT10M, and is PT9S.",
                "patchkey.holds.longest-lease=0s|patchkey.holds.longest-lease must be from PT1S to P3650D",
                "patchkey.metrics.keys=10001|patchkey.metrics.keys must be 0 to 10000, and is 10001.",
                "patchkey.metrics.holds=-1|patchkey.metrics.holds must be 0 to 10000, and is -1.",
                "patchkey.metrics.nodes=-1|patchkey.metrics.nodes must be 0 to 10000, and is -1.",
                "patchkey.metrics.interval=11m|patchkey.metrics.interval must be from PT1S to PT10M, and is PT11M.",
                "server.forward-headers-strategy=native|server.forward-headers-strategy must be none",
                "spring.datasource.hikari.maximum-pool-size=4|spring.datasource.hikari.maximum-pool-size must be at least"
                        + " 6, and is 4.",
            })
    void namesTheSettingAndItsRule(String setting, String rule, CapturedOutput output, @TempDir Path directory) {
        assertThat(analysis(output, "spring.datasource.url=" + file(directory) + ";WRITE_DELAY=0", setting))
                .contains("Description:")
                .contains(rule)
                .contains("docs/reference/configuration.md")
                .doesNotContain("\tat ");
    }

    /** One whose name is misspelt in the environment stops no start, and looks the same. */
    @Test
    void saysWhichCallerHasNoPrefixes(CapturedOutput output, @TempDir Path directory) {
        assertThat(analysis(
                        output,
                        "spring.datasource.url=" + file(directory) + ";WRITE_DELAY=0",
                        "patchkey.security.tokens[0].name=ops",
                        "patchkey.security.tokens[0].role=operator",
                        "patchkey.security.tokens[0].hashes=sha256:" + "0".repeat(64)))
                .contains("patchkey.security.tokens[0].prefixes must be 1 to 100 beginnings of keys")
                .contains("'*' for all keys")
                .doesNotContain("\tat ");
    }

    /** An empty one too, in whose place a database in memory would lose everything. */
    @ParameterizedTest
    @CsvSource({
        "jdbc:mysql://127.0.0.1/patchkey?password=secret, jdbc:mysql://127.0.0.1/patchkey",
        "postgresql://127.0.0.1/patchkey, postgresql://127.0.0.1/patchkey",
        "jdbc:h2:tcp://127.0.0.1/patchkey;PASSWORD=secret, jdbc:h2:tcp://127.0.0.1/patchkey",
        "jdbc:h2:./patchkey;WRITE_DELAY=0, jdbc:h2:./patchkey",
        "'', empty",
    })
    void saysWhichDatabasesThereAre(String url, String shown, CapturedOutput output) {
        assertThat(analysis(output, "spring.datasource.url=" + url))
                .contains(
                        "spring.datasource.url must begin with jdbc:h2:file:, jdbc:h2:mem: or jdbc:postgresql:, and is "
                                + shown + ".")
                .contains("docs/reference/configuration.md")
                .doesNotContain("\tat ");
    }

    @Test
    void saysWhatAnH2UrlLacks(CapturedOutput output, @TempDir Path directory) {
        assertThat(analysis(output, "spring.datasource.url=" + file(directory)))
                .contains("spring.datasource.url must have WRITE_DELAY=0 for H2")
                .doesNotContain("\tat ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"AUTO_SERVER=TRUE", "auto_server=1"})
    void saysThatAnH2FileIsNotServedToOthers(String setting, CapturedOutput output, @TempDir Path directory) {
        assertThat(analysis(output, "spring.datasource.url=" + file(directory) + ";WRITE_DELAY=0;" + setting))
                .contains("spring.datasource.url must not have AUTO_SERVER=TRUE: an H2 file belongs to one process")
                .doesNotContain("\tat ");
    }

    /** Each of several pods would have one of its own. */
    @ParameterizedTest
    @CsvSource({
        "jdbc:h2:mem:apart;WRITE_DELAY=0, static",
        "jdbc:h2:file:./target/apart/db;WRITE_DELAY=0, STATIC",
        "jdbc:h2:file:./target/apart/db;WRITE_DELAY=0;AUTO_SERVER=FALSE, kubernetes",
    })
    void saysThatAnH2HasOnePod(String url, String discovery, CapturedOutput output) {
        assertThat(analysis(
                        output,
                        "spring.datasource.url=" + url,
                        "patchkey.cluster.discovery=" + discovery,
                        "patchkey.cluster.members=127.0.0.1",
                        "patchkey.cluster.port=25855"))
                .contains(
                        "patchkey.cluster.discovery must be none where spring.datasource.url is an H2, which belongs to"
                                + " one pod, and is " + discovery
                                + ": for several pods give spring.datasource.url a PostgreSQL.")
                .contains("docs/reference/configuration.md")
                .doesNotContain("\tat ");
    }

    @Test
    void saysThatTheDatabaseFileIsInUse(CapturedOutput output, @TempDir Path directory) throws Exception {
        try (FileChannel channel = FileChannel.open(
                        directory.resolve("db.mv.db"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock lock = channel.lock()) {
            assertThat(lock.isValid()).isTrue();
            assertThat(analysis(
                            output,
                            "spring.datasource.url=" + file(directory) + ";WRITE_DELAY=0",
                            "spring.datasource.hikari.connection-timeout=500"))
                    .contains("in use by another process")
                    .doesNotContain("\tat ");
        }
    }

    @Test
    void saysThatTheMemberPortIsTaken(CapturedOutput output) throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThat(analysis(
                            output,
                            "patchkey.store=hazelcast",
                            "patchkey.cluster.discovery=static",
                            "patchkey.cluster.members=127.0.0.1",
                            "patchkey.cluster.port=" + taken.getLocalPort()))
                    .contains("Port " + taken.getLocalPort() + " (patchkey.cluster.port) is taken")
                    .doesNotContain("\tat ");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "static||1|patchkey.cluster.members must name the pods where patchkey.cluster.discovery is static.",
                "static|a:b|1|patchkey.cluster.members must be a list of host or host:port, and has a:b.",
                "static|a:70000|1|patchkey.cluster.members must be a list of host or host:port, and has a:70000.",
                "static|http://a|1|patchkey.cluster.members must be a list of host or host:port, and has http://a.",
                "static|a,a|2|patchkey.cluster.members must name each pod once, and is [a, a].",
                "kubernetes||1|patchkey.cluster.members must be the DNS name of the headless service where",
                "kubernetes|a:5701|1|patchkey.cluster.members must be the DNS name of the headless service where",
                "kubernetes|a,b|2|patchkey.cluster.members must be the DNS name of the headless service where",
            })
    void namesWhatIsWrongWithTheMembers(
            String discovery, String members, int size, String rule, CapturedOutput output) {
        assertThat(analysis(
                        output,
                        "patchkey.store=hazelcast",
                        "patchkey.cluster.discovery=" + discovery,
                        "patchkey.cluster.members=" + (members == null ? "" : members),
                        "patchkey.cluster.size=" + size))
                .contains(rule)
                .contains("docs/reference/configuration.md")
                .doesNotContain("\tat ");
    }

    @Test
    void saysThatAQuorumOfFewerPodsThanThereAreIsNone(CapturedOutput output) {
        assertThat(analysis(
                        output,
                        "patchkey.store=hazelcast",
                        "patchkey.cluster.port=25851",
                        "patchkey.cluster.discovery=static",
                        "patchkey.cluster.members=127.0.0.1:25851,127.0.0.1:25852",
                        "patchkey.cluster.size=1"))
                .contains("patchkey.cluster.size must be at least the number of patchkey.cluster.members (2) on the"
                        + " hazelcast store, and is 1.")
                .doesNotContain("\tat ");
    }

    @Test
    void saysWhichLeaseOfAPodTheStoreCannotKeep(CapturedOutput output) {
        assertThat(analysis(
                        output,
                        "patchkey.store=hazelcast",
                        "patchkey.cluster.port=25853",
                        "patchkey.cluster.discovery=static",
                        "patchkey.cluster.members=127.0.0.1:25853,127.0.0.1:25854",
                        "patchkey.cluster.size=2",
                        "patchkey.channel.pod-lease=24s"))
                .contains("patchkey.channel.pod-lease must be at least PT25S on this store, and is PT24S.")
                .contains("docs/reference/configuration.md")
                .doesNotContain("\tat ");
    }

    private static String file(Path directory) {
        return "jdbc:h2:file:" + directory.resolve("db");
    }
}
