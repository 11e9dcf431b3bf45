package dev.patchkey.benchmarks.durable;

import dev.patchkey.benchmarks.ServiceProcess;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The service, over HTTP; callers go to its pods in turn. */
final class PatchkeyCounters implements Counters {

    private static final Pattern COUNT = Pattern.compile("\"key\":\"([^\"]+)\",\"count\":(\\d+)");
    private static final Pattern NEXT = Pattern.compile("\"next\":\"([^\"]+)\"");

    private final HttpClient http = HttpClient.newHttpClient();
    private final List<ServiceProcess> pods;
    private int callers;

    /**
     * @param service the service's jar and the {@code java} to run it with
     * @param settings as on its command line
     */
    PatchkeyCounters(List<String> service, int pods, String... settings) throws IOException, InterruptedException {
        this.pods = ServiceProcess.start(service, pods, settings);
    }

    /** The settings for a database of PostgreSQL. */
    static String[] on(PostgreSqlServer server, String database) {
        return new String[] {
            "--patchkey.store=jdbc",
            "--spring.datasource.url=" + server.url(database),
            "--spring.datasource.username=" + PostgreSqlServer.USER
        };
    }

    @Override
    public Caller caller() throws IOException {
        return new HttpCaller(pods.get(callers++ % pods.size()).uri());
    }

    /** The first increment of a key makes it. */
    @Override
    public void prepare(List<String> keys) {}

    @Override
    public long sum(List<String> keys) throws IOException, InterruptedException {
        long sum = 0;
        String after = "";
        while (true) {
            URI page = pods.get(0).uri().resolve("/v1/keys?prefix=load.&limit=999&consistency=strong" + after);
            String answer = http.send(HttpRequest.newBuilder(page).build(), HttpResponse.BodyHandlers.ofString())
                    .body();
            sum += COUNT.matcher(answer)
                    .results()
                    .filter(match -> keys.contains(match.group(1)))
                    .mapToLong(match -> Long.parseLong(match.group(2)))
                    .sum();
            Matcher next = NEXT.matcher(answer);
            if (!next.find()) {
                return sum;
            }
            after = "&after=" + next.group(1);
        }
    }

    @Override
    public void close() throws IOException {
        for (ServiceProcess pod : pods) {
            pod.close();
        }
    }
}
