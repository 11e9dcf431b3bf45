package dev.patchkey.client;

import java.net.http.HttpClient;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP client of a node, which is another one after the application has supplied another TLS context. It is asked for one
 * before each connection of the channel and not before each request: it may supply a new object each time, and a client
 * costs threads and a handshake. Safe for use by several threads.
 */
final class Clients {

    private final Duration connectTimeout;
    private final Executor workers;
    private final @Nullable Supplier<SSLContext> contexts;

    /** Guarded by this. */
    private @Nullable HttpClient client;

    /** Guarded by this: that of the client. */
    private @Nullable SSLContext context;

    Clients(Duration connectTimeout, Executor workers, @Nullable Supplier<SSLContext> contexts) {
        this.connectTimeout = connectTimeout;
        this.workers = workers;
        this.contexts = contexts;
    }

    /** Whether {@link #renewed} calls code of the application's, which may wait or throw. */
    boolean mayWait() {
        return contexts != null;
    }

    /** The client of the last connection; one must have been made. */
    synchronized HttpClient current() {
        HttpClient current = client;
        if (current == null) {
            throw new IllegalStateException("no connection has been made");
        }
        return current;
    }

    /** The client for the next connection. */
    HttpClient renewed() {
        // Not under the lock: it is foreign code.
        SSLContext now = contexts == null ? null : contexts.get();
        if (contexts != null && now == null) {
            throw new IllegalStateException("sslContext has supplied null");
        }
        return client(now);
    }

    private synchronized HttpClient client(@Nullable SSLContext now) {
        HttpClient current = client;
        if (current == null || context != now) {
            HttpClient.Builder builder = HttpClient.newBuilder()
                    .version(HttpClient.Version.HTTP_1_1)
                    .connectTimeout(connectTimeout)
                    .executor(workers);
            current = (now == null ? builder : builder.sslContext(now)).build();
            client = current;
            context = now;
        }
        return current;
    }
}
