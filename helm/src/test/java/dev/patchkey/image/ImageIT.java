package dev.patchkey.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.patchkey.chart.Chart;
import dev.patchkey.chart.Documents;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the Dockerfile makes and the chart starts is a service. There is no container: its steps are run in a folder, and three
 * pods on addresses of this machine. What the chart has under {@code /run/patchkey} is in the folder too, and names are resolved
 * by a file of hosts.
 */
class ImageIT {

    private static final ObjectMapper JSON = new ObjectMapper();

    private static final int PODS = 3;

    /** "Ready in under 10 s of CPU on two cores". */
    private static final Duration CPU_UNTIL_READY = Duration.ofSeconds(10);

    /** What is left of the grace period after the preStop. */
    private static final Duration DRAIN = Duration.ofSeconds(30);

    /** Of a JVM that was told to end by SIGTERM, and did so. */
    private static final int TERMINATED = 143;

    @TempDir
    private Path temporary;

    private final Dockerfile dockerfile = Dockerfile.read();
    private final List<Pod> pods = new ArrayList<>();

    @AfterEach
    void end() {
        pods.forEach(Pod::close);
    }

    @Test
    void threePodsOfTheChartAreReadyInQuorumOnlyAndKeepStrangersOut() throws IOException, InterruptedException {
        assumeTrue(
                System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("linux"),
                "Linux alone has all of 127.0.0.0/8 without being told");
        Path root = new Steps(temporary).run(dockerfile);
        int http = freePort();
        int management = freePort();
        Documents documents =
                Chart.copyTo(temporary).render("open-values.yaml", """
                replicas: %d
                security: {open: false, tokens: {secretName: tokens, check: 100ms}}
                ports: {http: %d, management: %d, member: %d}
                logging: {format: ecs}
                """.formatted(PODS, http, management, freePort()));
        String token = writeToken(temporary.resolve("tokens"));
        Path settings = Files.writeString(
                temporary.resolve("application.yaml"),
                documents.settingsText().replace("/run/patchkey/", temporary + "/"));
        Path hosts = writeHosts(documents);

        Pod first = start(0, root, http, management, settings, hosts, documents);
        first.await("life", first::isAlive);
        assertThat(first.readiness()).as("one pod of three, which is no quorum").isEqualTo(503);
        assertThat(healthCheck(root, first.health("readiness"))).isEqualTo(1);
        assertThat(healthCheck(root, first.health("liveness"))).isEqualTo(0);

        Pod second = start(1, root, http, management, settings, hosts, documents);
        second.await("readiness", () -> second.readiness() == 200);
        first.await("readiness", () -> first.readiness() == 200);
        Pod third = start(2, root, http, management, settings, hosts, documents);
        third.await("readiness", () -> third.readiness() == 200);
        Duration cpu = third.cpu();
        System.out.println("CPU time until ready, with the cache: " + cpu);
        assertThat(cpu).isLessThan(CPU_UNTIL_READY);

        assertThat(third.status("/v1/keys", null, "GET")).isEqualTo(401);
        assertThat(third.status("/v1/keys", token, "GET")).isEqualTo(200);
        assertThat(third.status("/v1/keys/a/increment", token, "POST")).isEqualTo(200);
        assertThat(third.status(managementOf(third, "/actuator/prometheus"), null, "GET"))
                .as("what the scraper is answered without its token")
                .isEqualTo(401);

        theLogIsStructured(third);

        assertThat(third.stop(DRAIN)).isEqualTo(TERMINATED);
        assertThat(first.status("/v1/keys/a", token, "GET"))
                .as("what a pod that is gone has taken")
                .isEqualTo(200);
        assertThat(first.readiness()).as("two pods of three").isEqualTo(200);
        assertThat(second.stop(DRAIN)).isEqualTo(TERMINATED);
        first.await("no readiness", () -> first.readiness() == 503);
        assertThat(first.isAlive())
                .as("life without a quorum, which no restart mends")
                .isTrue();
    }

    /** All that the pod writes, but for what its JVM says of its options, can be read by whoever collects logs. */
    private static void theLogIsStructured(Pod pod) throws IOException {
        List<JsonNode> lines = new ArrayList<>();
        for (String line : pod.log()) {
            if (!line.startsWith("NOTE: Picked up JDK_JAVA_OPTIONS")) {
                lines.add(JSON.readTree(line));
            }
        }
        assertThat(lines)
                .hasSizeGreaterThan(1)
                .allMatch(line -> line.hasNonNull("@timestamp")
                        && line.hasNonNull("message")
                        && line.at("/log/level").isTextual()
                        && line.at("/service/name").asText().equals("patchkey")
                        && line.at("/service/node/name").asText().equals("patchkey-2"));
        List<JsonNode> edges = lines.stream()
                .filter(line -> line.at("/patchkey/key").asText().equals("a"))
                .toList();
        assertThat(edges).as("lines that tell of the edge of key a").hasSize(1);
        JsonNode edge = edges.getFirst().path("patchkey");
        assertThat(edge.path("enabled").asBoolean()).isTrue();
        assertThat(edge.path("actor").asText()).isEqualTo("admin");
        assertThat(edge.path("revision").asLong()).isPositive();
    }

    private static URI managementOf(Pod pod, String path) {
        return pod.health("liveness").resolve(path);
    }

    private Pod start(int index, Path root, int http, int management, Path settings, Path hosts, Documents documents)
            throws IOException {
        String address = address(index);
        String options = Documents.elements(documents.container().path("env"))
                .filter(variable -> variable.path("name").asText().equals("JDK_JAVA_OPTIONS"))
                .map(variable -> variable.path("value").asText())
                .collect(Collectors.joining());
        Pod pod = new Pod(
                address,
                http,
                management,
                Steps.program(dockerfile.image().last("ENTRYPOINT"), root),
                Map.of(
                        "POD_NAME",
                        "patchkey-" + index,
                        "POD_IP",
                        address,
                        "SPRING_CONFIG_ADDITIONAL_LOCATION",
                        "file:" + settings,
                        // The pods of a cluster have an address each; here they share those that the settings bind to.
                        "SERVER_ADDRESS",
                        address,
                        "MANAGEMENT_SERVER_ADDRESS",
                        address,
                        // A JVM that cannot use the cache ends, instead of starting without.
                        "JDK_JAVA_OPTIONS",
                        options + " -XX:AOTMode=on -Xmx512m -Djdk.net.hosts.file=" + hosts),
                temporary.resolve("pod-" + index + ".log"));
        pods.add(pod);
        return pod;
    }

    private static String address(int index) {
        return "127.0.77." + (index + 1);
    }

    /** What the headless service would be resolved to. */
    private Path writeHosts(Documents documents) throws IOException {
        String settings = documents.settingsText();
        String name = settings.substring(settings.indexOf("members: [") + "members: [".length())
                .lines()
                .findFirst()
                .orElseThrow()
                .replace("]", "");
        StringBuilder hosts = new StringBuilder("127.0.0.1 localhost\n127.0.0.1 ")
                .append(InetAddress.getLocalHost().getHostName())
                .append('\n');
        for (int i = 0; i < PODS; i++) {
            hosts.append(address(i)).append(' ').append(name).append('\n');
        }
        return Files.writeString(temporary.resolve("hosts"), hosts);
    }

    private static String writeToken(Path directory) throws IOException {
        byte[] random = new byte[32];
        new SecureRandom().nextBytes(random);
        String token = "pk_" + Base64.getUrlEncoder().withoutPadding().encodeToString(random);
        Files.createDirectories(directory);
        Files.writeString(directory.resolve("tokens.yaml"), """
                tokens:
                  - {name: admin, role: admin, prefixes: ['*'], hashes: ['sha256:%s']}
                """.formatted(sha256(token)));
        return token;
    }

    private static String sha256(String text) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.US_ASCII)));
        } catch (NoSuchAlgorithmException e) {
            throw new LinkageError("every JVM has it", e);
        }
    }

    private int healthCheck(Path root, URI uri) throws IOException, InterruptedException {
        List<String> program = new ArrayList<>(Steps.program(dockerfile.image().last("HEALTHCHECK"), root));
        assertThat(program.removeLast()).isEqualTo("http://127.0.0.1:8080/actuator/health/liveness");
        program.add(uri.toString());
        Process process = new ProcessBuilder(program)
                .redirectErrorStream(true)
                .redirectOutput(temporary.resolve("health.log").toFile())
                .start();
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        return process.exitValue();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
