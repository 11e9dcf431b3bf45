package dev.patchkey.benchmarks;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The packaged service, started for a measurement over an empty directory. */
final class ServiceProcess implements AutoCloseable {

    private static final int SECONDS_TO_START = 120;
    private static final int SECONDS_TO_END = 40;

    private final Process process;
    private final URI uri;

    /**
     * @param arguments the service's jar, and the {@code java} of a JDK 25 unless this one runs on it
     * @param store {@code jdbc} or {@code hazelcast}
     */
    ServiceProcess(List<String> arguments, String store) throws IOException, InterruptedException {
        Path jar = Path.of(arguments.get(0)).toAbsolutePath();
        String java = arguments.size() > 1
                ? arguments.get(1)
                : Path.of(System.getProperty("java.home"), "bin", "java").toString();
        Path directory = Files.createTempDirectory("patchkey-benchmark");
        uri = URI.create("http://127.0.0.1:" + freePort());
        List<String> command = new ArrayList<>(List.of(java, "-Xmx1g", "-jar", jar.toString()));
        command.add("--server.port=" + uri.getPort());
        command.add("--patchkey.store=" + store);
        command.add("--patchkey.cluster.port=" + freePort());
        command.add("--patchkey.cluster.name=benchmark-" + uri.getPort());
        process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("service.log").toFile())
                .start();
        awaitReady(directory);
    }

    private void awaitReady(Path directory) throws InterruptedException {
        HttpClient http = HttpClient.newHttpClient();
        HttpRequest request = HttpRequest.newBuilder(uri.resolve("/actuator/health/readiness"))
                .build();
        for (int i = 0; i < SECONDS_TO_START * 10; i++) {
            if (!process.isAlive()) {
                throw new IllegalStateException("the service has ended; its log is in " + directory);
            }
            try {
                if (http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200) {
                    return;
                }
            } catch (IOException e) {
                // Not listening yet.
            }
            Thread.sleep(100);
        }
        close();
        throw new IllegalStateException("the service was not ready in time; its log is in " + directory);
    }

    URI uri() {
        return uri;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(SECONDS_TO_END, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
