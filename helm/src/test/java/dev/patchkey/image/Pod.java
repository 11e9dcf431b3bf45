package dev.patchkey.image;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** One life of the image: its entry point as a process, at an address of this machine's own. */
final class Pod implements AutoCloseable {

    /** A start on two busy processors takes a fourth of this. */
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private static final long POLL_MILLIS = 100;

    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();
    private final String address;
    private final int port;
    private final int managementPort;
    private final Path log;
    private final Process process;

    Pod(String address, int port, int managementPort, List<String> program, Map<String, String> environment, Path log)
            throws IOException {
        this.address = address;
        this.port = port;
        this.managementPort = managementPort;
        this.log = log;
        ProcessBuilder builder = new ProcessBuilder(program)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().putAll(environment);
        this.process = builder.start();
    }

    URI health(String part) {
        return URI.create("http://" + address + ":" + managementPort + "/actuator/health/" + part);
    }

    /** The answer's status; 0 where there is none. */
    int status(URI uri, @Nullable String token, String method) {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri)
                .timeout(Duration.ofSeconds(10))
                .method(method, HttpRequest.BodyPublishers.noBody());
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        try {
            return http.send(request.build(), HttpResponse.BodyHandlers.discarding())
                    .statusCode();
        } catch (IOException e) {
            return 0;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    int status(String path, @Nullable String token, String method) {
        return status(URI.create("http://" + address + ":" + port + path), token, method);
    }

    boolean isAlive() {
        return status(health("liveness"), null, "GET") == 200;
    }

    int readiness() {
        return status(health("readiness"), null, "GET");
    }

    void await(String what, BooleanSupplier condition) throws IOException, InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            if (!process.isAlive() || System.nanoTime() > end) {
                throw new AssertionError(
                        what + " was expected of " + address + ", whose log is\n" + Files.readString(log));
            }
            Thread.sleep(POLL_MILLIS);
        }
    }

    Duration cpu() {
        return process.info().totalCpuDuration().orElseThrow();
    }

    /** What it has written, line by line. */
    List<String> log() throws IOException {
        return Files.readAllLines(log);
    }

    /** Stops it as Kubernetes does after the preStop. */
    int stop(Duration most) throws IOException, InterruptedException {
        process.destroy();
        if (!process.waitFor(most.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new AssertionError("not gone after " + most + ":\n" + Files.readString(log));
        }
        return process.exitValue();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
