package dev.patchkey.client;

import dev.patchkey.client.protocol.PodMessages;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One WebSocket: whole messages in, whole messages out, in order.
 *
 * <p>All its methods are called by the channel's thread, and so are its {@link Events}. The JDK asks for one callback at a
 * time and answers pings only while it has been asked, so each callback ends in asking for the next; a message's last
 * part asks once the channel has handled it, which is the back-pressure.
 */
final class Socket implements WebSocket.Listener {

    static final String SUBPROTOCOL = "patchkey.v1";

    /** How long the closing handshake may take before the connection is cut. */
    private static final Duration CLOSE_WAIT = Duration.ofSeconds(2);

    /** What a close frame has room for, in ASCII. */
    private static final int LONGEST_REASON = 120;

    /** What happens to a socket; after {@link #closed} nothing more does. */
    interface Events {
        void opened();

        void message(String text);

        /**
         * It is over.
         *
         * @param code of the close frame; 0 without one
         * @param sentence what happened, for people
         */
        void closed(int code, String sentence);
    }

    private final Executor channelThread;

    /** Runs something on a worker; false if it cannot any more. */
    private final Predicate<Runnable> workers;

    private final Events events;
    private final StringBuilder parts = new StringBuilder();
    private CompletableFuture<?> sends = CompletableFuture.completedFuture(null);
    private @Nullable WebSocket webSocket;

    /** Written by the channel's thread. */
    private volatile boolean over;

    Socket(Executor channelThread, Predicate<Runnable> workers, Events events) {
        this.channelThread = channelThread;
        this.workers = workers;
        this.events = events;
    }

    void open(HttpClient http, URI uri, @Nullable String authorization, Duration timeout) {
        WebSocket.Builder builder = http.newWebSocketBuilder().subprotocols(SUBPROTOCOL);
        if (authorization != null) {
            builder.header("Authorization", authorization);
        }
        // This timeout is of the whole opening handshake: a server that accepts and says nothing meets it too.
        var unused = builder.connectTimeout(timeout)
                .buildAsync(uri, this)
                .whenComplete((opened, failure) -> {
                    // On whatever thread, since the channel's may have ended meanwhile.
                    if (opened != null && over) {
                        opened.abort();
                    }
                })
                .whenCompleteAsync(
                        (opened, failure) -> {
                            if (failure != null) {
                                end(0, handshakeSentence(failure));
                            }
                        },
                        channelThread);
    }

    /** Sends a message once those before it are sent; completes when it is, or never. */
    CompletionStage<?> send(String message) {
        WebSocket to = webSocket;
        if (to == null || over) {
            return new CompletableFuture<>();
        }
        CompletableFuture<?> sent = sends.thenCompose(previous -> to.sendText(message, true));
        sends = sent;
        var unused = sent.whenCompleteAsync(
                (done, failure) -> {
                    if (failure != null) {
                        end(0, "sending failed: " + Failures.sentence(failure));
                    }
                },
                channelThread);
        return sent;
    }

    /** Closes with the handshake, and cuts the connection if that takes too long. No event follows. */
    void close(int code, String reason) {
        over = true;
        WebSocket closing = webSocket;
        if (closing == null) {
            return;
        }
        String cut = reason.replaceAll("[^ -~]", "?");
        String fitting = cut.substring(0, Math.min(LONGEST_REASON, cut.length()));
        CompletableFuture<?> sent = sends.thenCompose(previous -> closing.sendClose(code, fitting));
        // Waits on a worker: the JDK's own timer thread, which all of the JVM share, keeps the class loader of whoever
        // is
        // the first to use it.
        if (!workers.test(() -> cutOnceClosed(closing, sent))) {
            closing.abort();
        }
    }

    private static void cutOnceClosed(WebSocket closing, CompletableFuture<?> sent) {
        try {
            sent.get(CLOSE_WAIT.toMillis(), TimeUnit.MILLISECONDS);
            TimeUnit.MILLISECONDS.sleep(CLOSE_WAIT.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            // It is cut either way.
        } finally {
            closing.abort();
        }
    }

    /** Cuts the connection. No event follows. */
    void abort() {
        over = true;
        if (webSocket != null) {
            webSocket.abort();
        }
    }

    @Override
    public void onOpen(WebSocket opened) {
        channelThread.execute(() -> {
            webSocket = opened;
            if (over) {
                opened.abort();
                return;
            }
            events.opened();
            opened.request(1);
        });
    }

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
        if (parts.length() + part.length() > PodMessages.LONGEST) {
            channelThread.execute(() -> end(0, "a message from the pod is longer than " + PodMessages.LONGEST));
            return null;
        }
        parts.append(part);
        if (!last) {
            from.request(1);
            return null;
        }
        String message = parts.toString();
        parts.setLength(0);
        channelThread.execute(() -> {
            if (!over) {
                events.message(message);
                from.request(1);
            }
        });
        return null;
    }

    @Override
    public @Nullable CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
        channelThread.execute(() -> end(0, "the pod sent a binary message"));
        return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
        channelThread.execute(() -> end(code, reason.isEmpty() ? "the pod closed with " + code : reason));
        return null;
    }

    @Override
    public void onError(WebSocket from, Throwable error) {
        channelThread.execute(() -> end(0, "the connection broke: " + Failures.sentence(error)));
    }

    private void end(int code, String sentence) {
        if (!over) {
            abort();
            events.closed(code, sentence);
        }
    }

    private static String handshakeSentence(Throwable failure) {
        Throwable cause = Failures.cause(failure);
        if (cause instanceof WebSocketHandshakeException handshake && handshake.getResponse() != null) {
            int status = handshake.getResponse().statusCode();
            String meaning = switch (status) {
                case 401 -> ": it knows neither the token nor the certificate of this node";
                case 403 -> ": the caller whose token or certificate this is may not be a node";
                case 429 -> ": this caller asks too often, or has too many nodes";
                default -> "";
            };
            return "the service answered " + status + " to the upgrade" + meaning;
        }
        return "cannot connect: " + Failures.sentence(cause);
    }
}
