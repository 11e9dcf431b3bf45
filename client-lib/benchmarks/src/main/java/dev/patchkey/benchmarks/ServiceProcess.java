package dev.patchkey.benchmarks;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** The packaged service, started for a measurement over an empty directory. */
public final class ServiceProcess implements AutoCloseable {

    private static final int SECONDS_TO_START = 120;

    private final ServerProcess process;
    private final URI uri;

    private ServiceProcess(List<String> arguments, int clusterPort, List<String> settings) throws IOException {
        Path jar = Path.of(arguments.get(0)).toAbsolutePath();
        String java = arguments.size() > 1 ? arguments.get(1) : ServerProcess.java();
        uri = URI.create("http://127.0.0.1:" + ServerProcess.freePort());
        // The collector is the chart's.
        List<String> command = new ArrayList<>(List.of(java, "-Xmx1g", "-XX:+UseParallelGC", "-jar", jar.toString()));
        command.add("--server.port=" + uri.getPort());
        command.add("--patchkey.cluster.port=" + clusterPort);
        command.addAll(settings);
        process = ServerProcess.start("service", command);
    }

    /**
     * One pod.
     *
     * @param arguments the service's jar, and the {@code java} of a JDK 25 unless this one runs on it
     * @param settings as on its command line
     */
    public static ServiceProcess start(List<String> arguments, String... settings)
            throws IOException, InterruptedException {
        return start(arguments, 1, settings).get(0);
    }

    /** So many pods, which find each other on the loopback interface. */
    public static List<ServiceProcess> start(List<String> arguments, int pods, String... settings)
            throws IOException, InterruptedException {
        List<Integer> ports = new ArrayList<>();
        for (int i = 0; i < pods; i++) {
            ports.add(ServerProcess.freePort());
        }
        List<String> all = new ArrayList<>(List.of(settings));
        all.add("--patchkey.cluster.name=benchmark-" + ports.get(0));
        if (pods > 1) {
            all.add("--patchkey.cluster.discovery=static");
            all.add("--patchkey.cluster.members="
                    + ports.stream().map(port -> "127.0.0.1:" + port).collect(Collectors.joining(",")));
            all.add("--patchkey.cluster.size=" + pods);
        }
        List<ServiceProcess> started = new ArrayList<>();
        try {
            for (int port : ports) {
                started.add(new ServiceProcess(arguments, port, all));
            }
            HttpClient http = HttpClient.newHttpClient();
            for (ServiceProcess each : started) {
                each.process.awaitReady(SECONDS_TO_START, () -> each.isReady(http));
            }
        } catch (Throwable e) {
            for (ServiceProcess each : started) {
                each.close();
            }
            throw e;
        }
        return started;
    }

    private boolean isReady(HttpClient http) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(uri.resolve("/actuator/health/readiness"))
                .build();
        return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
    }

    public URI uri() {
        return uri;
    }

    @Override
    public void close() throws IOException {
        process.close();
    }
}
