package dev.patchkey.service.web;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Calls the running service as any client would. */
public final class HttpApi {

    private static final JsonMapper JSON = new JsonMapper();

    private final HttpClient http;
    private final URI base;

    /** Sent with each request. */
    private final String[] always;

    public HttpApi(int port, String... always) {
        this(URI.create("http://127.0.0.1:" + port), HttpClient.newHttpClient(), always);
    }

    public HttpApi(URI base, HttpClient http, String... always) {
        this.base = base;
        this.http = http;
        this.always = always;
    }

    public record Answer(
            int status, String contentType, @Nullable String location, JsonNode body, HttpHeaders headers) {
        public String header(String name) {
            return headers.firstValue(name).orElse("");
        }

        public String problem() {
            return body.path("type").asString("").replace("urn:patchkey:problem:", "");
        }

        public String field() {
            return body.path("field").asString("");
        }

        public String detail() {
            return body.path("detail").asString("");
        }
    }

    public Answer get(String path, String... headers) {
        return send("GET", path, null, headers);
    }

    public Answer post(String path, @Nullable String body, String... headers) {
        return send("POST", path, body, headers);
    }

    public Answer put(String path, @Nullable String body, String... headers) {
        return send("PUT", path, body, headers);
    }

    public Answer delete(String path, String... headers) {
        return send("DELETE", path, null, headers);
    }

    public Answer send(String method, String path, @Nullable String body, String... headers) {
        var content = body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body);
        HttpRequest.Builder request = HttpRequest.newBuilder(base.resolve(path))
                .timeout(Duration.ofSeconds(30))
                .method(method, content);
        if (body != null && !List.of(headers).contains("Content-Type")) {
            request.header("Content-Type", "application/json");
        }
        if (headers.length > 0) {
            request.headers(headers);
        }
        if (always.length > 0) {
            request.headers(always);
        }
        try {
            HttpResponse<String> response = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
            String type = response.headers().firstValue("Content-Type").orElse("");
            JsonNode json = type.contains("json") ? JSON.readTree(response.body()) : JSON.createObjectNode();
            return new Answer(
                    response.statusCode(),
                    type,
                    response.headers().firstValue("Location").orElse(null),
                    json,
                    response.headers());
        } catch (IOException e) {
            throw new AssertionError("the service did not answer " + method + " " + path, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }
}
