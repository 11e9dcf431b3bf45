package dev.patchkey.service.security;

import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.JWKSetCacheRefreshEvaluator;
import com.nimbusds.jose.jwk.source.JWKSetRetrievalException;
import com.nimbusds.jose.jwk.source.JWKSetSource;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.JSONObjectUtils;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the issuer of JWTs for its keys, over HTTP. Where its name alone is configured, its description says where they are
 * (OpenID Connect Discovery, RFC 8414). Keeps no keys, and is used by one thread at a time.
 */
final class Issuer implements JWKSetSource<SecurityContext> {

    private static final Logger log = LoggerFactory.getLogger(Issuer.class);

    /** A server that is there takes a connection within milliseconds, from another continent too. */
    private static final Duration CONNECT = Duration.ofSeconds(2);

    /** A whole fetch, description and keys: short, since a request may wait for it, and twice what a lost packet costs. */
    static final Duration FETCH = Duration.ofSeconds(4);

    /** Far more than an issuer has keys. */
    private static final int LONGEST_ANSWER = 1 << 20;

    private static final int OK = 200;
    private static final int CLIENT_ERROR = 400;
    private static final int SERVER_ERROR = 500;

    private static final String OPENID = "/.well-known/openid-configuration";
    private static final String OAUTH = "/.well-known/oauth-authorization-server";

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NORMAL)
            .connectTimeout(CONNECT)
            .build();

    private final @Nullable String name;
    private final List<HttpRequest> descriptions;

    /** Guarded by the caller's lock: where the keys are; null if that is to be found out. */
    private @Nullable HttpRequest keys;

    /** Guarded by the caller's lock: what was found wrong since the keys were last fetched. */
    private @Nullable String trouble;

    /** Whether there was an answer, and if so the last one's time by the monotonic clock. */
    private volatile @Nullable Long answered;

    private Issuer(@Nullable String name, List<HttpRequest> descriptions, @Nullable HttpRequest keys) {
        this.name = name;
        this.descriptions = descriptions;
        this.keys = keys;
    }

    /** @throws IllegalArgumentException if it is no URI of a web server */
    static Issuer named(String setting, String issuer) {
        return new Issuer(issuer, descriptions(setting, issuer), null);
    }

    /** @throws IllegalArgumentException if it is no URI of a web server */
    static Issuer withKeysAt(String setting, String uri) {
        return new Issuer(null, List.of(), request(setting, uri));
    }

    /** Where an issuer may have its description, the most usual first. */
    private static List<HttpRequest> descriptions(String setting, String issuer) {
        String path = request(setting, issuer).uri().getRawPath();
        String end = path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
        URI base = URI.create(issuer);
        return Stream.of(end + OPENID, OPENID + end, OAUTH + end)
                .distinct()
                .map(place -> request(setting, base.resolve(place).toString()))
                .toList();
    }

    private static HttpRequest request(String setting, String uri) {
        try {
            return request(URI.create(uri));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(setting + " must be a URI with http or https, and is " + uri, e);
        }
    }

    private static HttpRequest request(URI uri) {
        return HttpRequest.newBuilder(uri)
                .header("Accept", "application/json, application/jwk-set+json")
                .build();
    }

    /** Whether it has answered, and not longer ago than that. */
    boolean hasAnsweredWithin(Duration time) {
        Long last = answered;
        return last != null && System.nanoTime() - last < time.toNanos();
    }

    @Override
    public JWKSet getJWKSet(JWKSetCacheRefreshEvaluator evaluator, long currentTime, @Nullable SecurityContext context)
            throws JWKSetRetrievalException {
        long deadline = System.nanoTime() + FETCH.toNanos();
        try {
            HttpRequest place = keys == null ? findKeys(deadline) : keys;
            JWKSet fetched = JWKSet.parse(body(ask(place, deadline)));
            keys = place;
            answered = System.nanoTime();
            if (trouble != null) {
                trouble = null;
                log.info("The keys of the issuer of JWTs have been fetched again");
            }
            return fetched;
        } catch (ParseException | RuntimeException e) {
            throw failed("its answer is not what it should be", e);
        } catch (IOException e) {
            // Messages of others may have anything in them.
            throw failed(
                    e instanceof Refused
                            ? String.valueOf(e.getMessage())
                            : e.getClass().getSimpleName(),
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new JWKSetRetrievalException("interrupted", e);
        }
    }

    /** What is wrong is said once. */
    private JWKSetRetrievalException failed(String why, Exception cause) {
        if (name != null) {
            // They may have moved.
            keys = null;
        }
        if (!why.equals(trouble)) {
            trouble = why;
            log.warn(
                    "The keys of the issuer of JWTs cannot be fetched ({}): those of before stay in use for {}, and without"
                            + " any JWTs are answered 503",
                    why,
                    IssuerKeys.OUTAGE);
        }
        return new JWKSetRetrievalException(why, cause);
    }

    private HttpRequest findKeys(long deadline) throws IOException, ParseException, InterruptedException {
        for (HttpRequest description : descriptions) {
            HttpResponse<byte[]> answer = ask(description, deadline);
            if (answer.statusCode() < CLIENT_ERROR || answer.statusCode() >= SERVER_ERROR) {
                Map<String, Object> found = JSONObjectUtils.parse(body(answer));
                if (!String.valueOf(name).equals(found.get("issuer"))) {
                    throw new Refused("its description is that of another issuer");
                }
                URI place = JSONObjectUtils.getURI(found, "jwks_uri");
                if (place == null) {
                    throw new Refused("its description names no keys");
                }
                return request(place);
            }
        }
        throw new Refused("it has no description");
    }

    private HttpResponse<byte[]> ask(HttpRequest request, long deadline) throws IOException, InterruptedException {
        CompletableFuture<HttpResponse<byte[]>> answer =
                http.sendAsync(request, BodyHandlers.limiting(BodyHandlers.ofByteArray(), LONGEST_ANSWER));
        try {
            return answer.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException known ? known : new IOException(e.getCause());
        } catch (TimeoutException e) {
            throw new Refused("it has not answered within " + FETCH);
        } finally {
            // Ends the exchange if it is still going on.
            var unused = answer.cancel(true);
        }
    }

    private static String body(HttpResponse<byte[]> answer) throws Refused {
        if (answer.statusCode() != OK) {
            throw new Refused("it has answered " + answer.statusCode());
        }
        return new String(answer.body(), StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        http.shutdownNow();
    }

    /** The issuer has said something else than its keys, or nothing. */
    private static final class Refused extends IOException {
        private static final long serialVersionUID = 1L;

        Refused(String message) {
            super(message);
        }
    }
}
