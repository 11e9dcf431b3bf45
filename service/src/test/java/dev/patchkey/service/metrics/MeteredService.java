package dev.patchkey.service.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.service.PatchkeyService;
import dev.patchkey.service.security.TestTokens;
import dev.patchkey.service.web.HttpApi;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** The whole service with a token of each role, as Prometheus and its callers meet it. */
final class MeteredService implements AutoCloseable {

    final ConfigurableApplicationContext context;
    final int port;

    MeteredService(Path directory, String... settings) throws IOException {
        Path file = Files.writeString(directory.resolve("tokens.yaml"), "tokens: []\n");
        List<String> arguments = new ArrayList<>(List.of(
                "--server.port=0",
                "--patchkey.cluster.name=" + UUID.randomUUID(),
                "--patchkey.metrics.interval=1s",
                "--patchkey.limits.failures-per-minute=0",
                "--patchkey.security.tokens-file=" + file,
                "--spring.datasource.url=jdbc:h2:file:" + directory.resolve("patchkey") + ";WRITE_DELAY=0"));
        List<String> roles = List.of("observer", "node", "operator", "admin");
        for (int i = 0; i < roles.size(); i++) {
            arguments.addAll(token(i, roles.get(i), roles.get(i), "*"));
        }
        arguments.addAll(token(roles.size(), "observer-team-a", "observer", "team-a."));
        arguments.addAll(List.of(settings));
        context = new SpringApplicationBuilder(PatchkeyService.class).run(arguments.toArray(String[]::new));
        port = context.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
    }

    private static List<String> token(int i, String name, String role, String prefixes) {
        String token = "--patchkey.security.tokens[" + i + "].";
        return List.of(
                token + "name=" + name,
                token + "role=" + role,
                token + "prefixes=" + prefixes,
                token + "hashes=" + TestTokens.hash(TestTokens.token(name)));
    }

    HttpApi as(String caller) {
        return new HttpApi(port, TestTokens.bearer(caller));
    }

    String text() {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/actuator/prometheus"))
                .headers(TestTokens.bearer("observer"))
                .build();
        try (HttpClient http = HttpClient.newHttpClient()) {
            HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
            assertThat(answer.statusCode()).isEqualTo(200);
            return answer.body();
        } catch (IOException e) {
            throw new AssertionError("the service did not answer", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    Scrape scrape() {
        return Scrape.parse(text());
    }

    @Override
    public void close() {
        context.close();
    }
}
