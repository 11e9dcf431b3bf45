package dev.patchkey.systemtests;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/** The packaged service as a process of its own, over a directory and a port that outlive it. */
final class ServiceProcess implements AutoCloseable {

    /** A cold start on a busy two-core machine takes a third of this. */
    private static final Duration START = Duration.ofMinutes(2);

    private static final ObjectMapper JSON = new ObjectMapper();

    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();
    private final Path directory = Processes.directory("service");
    private final int port = freePort();
    private final int clusterPort = freePort();

    /** As on the command line, by their names. */
    private final Map<String, String> settings = new LinkedHashMap<>();

    private @Nullable Process process;

    /** @param settings as on the command line, such as {@code --patchkey.store=hazelcast} */
    ServiceProcess(String... settings) {
        set(
                "--server.port=" + port,
                "--patchkey.cluster.port=" + clusterPort,
                "--patchkey.cluster.name=system-tests-" + port);
        set(settings);
    }

    /** Sets more for the next start; each takes the place of one of the same name. */
    ServiceProcess set(String... more) {
        for (String setting : more) {
            settings.put(setting.substring(0, setting.indexOf('=')), setting);
        }
        return this;
    }

    record Answer(int status, JsonNode body) {
        long revision() {
            return body.path("revision").asLong();
        }

        int count() {
            return body.path("count").asInt();
        }
    }

    URI uri() {
        return URI.create("http://127.0.0.1:" + port);
    }

    int port() {
        return port;
    }

    /** Where it listens for the other pods of its cluster. */
    String member() {
        return "127.0.0.1:" + clusterPort;
    }

    ServiceProcess start() {
        List<String> command = new ArrayList<>(List.of(
                Processes.java(25).toString(),
                "-Xmx512m",
                "-jar",
                Path.of(System.getProperty("service.jar")).toAbsolutePath().toString()));
        command.addAll(settings.values());
        try {
            process = new ProcessBuilder(command)
                    .directory(directory.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(
                            directory.resolve("service.log").toFile()))
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Awaitility.await("the service is ready; its log is in " + directory)
                .atMost(START)
                .pollInterval(Duration.ofMillis(100))
                .until(this::isReady);
        return this;
    }

    private boolean isReady() {
        if (process != null && !process.isAlive()) {
            throw new AssertionError("the service has ended: " + log());
        }
        try {
            return send("GET", "/actuator/health/readiness", null).status() == 200;
        } catch (IOException e) {
            return false;
        }
    }

    String log() {
        try {
            return Files.readString(directory.resolve("service.log"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    long pid() {
        return running().pid();
    }

    private Process running() {
        if (process == null) {
            throw new IllegalStateException("the service was not started");
        }
        return process;
    }

    void kill() {
        Processes.kill(running());
    }

    void stop() {
        Processes.stop(running());
    }

    /**
     * Sends SIGTERM and waits for the end.
     *
     * @return the exit code
     */
    int stop(Duration grace) throws InterruptedException {
        Process stopping = running();
        stopping.destroy();
        if (!stopping.waitFor(grace.toNanos(), TimeUnit.NANOSECONDS)) {
            throw new AssertionError("the service did not end within " + grace + ": " + log());
        }
        return stopping.exitValue();
    }

    Answer get(String path) {
        return call("GET", path, null);
    }

    Answer post(String path, String... headers) {
        return call("POST", path, null, headers);
    }

    Answer call(String method, String path, @Nullable String body, String... headers) {
        try {
            return send(method, path, body, headers);
        } catch (IOException e) {
            throw new UncheckedIOException("the service did not answer " + method + " " + path, e);
        }
    }

    /** @throws IOException if there was no whole answer */
    Answer send(String method, String path, @Nullable String body, String... headers) throws IOException {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri().resolve(path))
                .timeout(Duration.ofSeconds(30))
                .method(
                        method,
                        body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body));
        if (body != null) {
            request.header("Content-Type", "application/json");
        }
        if (headers.length > 0) {
            request.headers(headers);
        }
        try {
            HttpResponse<String> response = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
            return new Answer(response.statusCode(), JSON.readTree(response.body()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    @Override
    public void close() {
        if (process != null && process.isAlive()) {
            Processes.stop(process);
        }
    }

    static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
