package dev.patchkey.client;

import dev.patchkey.statickey.Registration;
import dev.patchkey.statickey.StaticKey;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;

/**
 * This JVM as a node of a Patchkey service: it mirrors the service's counts into the JVM's static keys, and holds keys.
 *
 * <p>It connects by itself, for as long as it takes, and reconnects by itself; {@link #status()} says what it is doing,
 * and the log says so once per outage and then at most once a minute. Static keys read as disabled until the first
 * snapshot has been applied.
 *
 * <p>A key whose changes enable and disable it again and again is rebound seldom: a few such edges are applied at once,
 * then one in 250 ms, in the key's newest state. Other keys do not wait for it, nor does an {@link #acquire} of it.
 *
 * <p>All methods are safe for use by several threads. At most one is open at a time per load of the library.
 *
 * <p>Memory effects: once any thread has seen a key enabled in any way (by a test, an {@link #acquire} that returned, a
 * listener), each later test of that key on this node takes the enabled path, until a disable of a later version, or
 * staleness, begins.
 */
public interface Patchkey extends AutoCloseable {

    /**
     * A node of the service at this URI.
     *
     * @param service where its REST API is, such as {@code http://localhost:8080}
     * @throws IllegalArgumentException if it is not an absolute http or https URI, or names a user or a port outside of
     *     1 to 65535
     */
    static Builder builder(URI service) {
        return new NodeBuilder(service);
    }

    /** As {@link #acquire(StaticKey, Duration)} with the builder's {@link Builder#acquireTimeout}. */
    Hold acquire(StaticKey key);

    /**
     * Holds a key enabled until the hold is closed; returns when this node's call sites are rebound. While the node
     * holds the key already this costs no more than an atomic increment; the first acquire and the last close alone
     * cross the network, as one hold that is named after the node.
     *
     * <p>What may be cured by trying again is tried again, with backoff, until the timeout. An interrupt ends the wait as
     * the timeout does, with the thread's interrupt status set again.
     *
     * @param key which key, from {@link StaticKey#of}
     * @param timeout how long to wait at most for the service and for the rebind
     * @throws UnavailableException if the service could not be reached, or was too busy, until the timeout; surely
     *     nothing was changed
     * @throws OutcomeUnknownException if a request was sent and, until the timeout, none answered for good
     * @throws RejectedException if the service refuses, or has refused this node for good
     * @throws RebindFailedException if the call sites could not be rebound, or not in time
     * @throws IllegalArgumentException if the key is detached, or outside of the node's prefixes
     * @throws IllegalStateException if this is closed, if called by a key's preparation, if the key is local because of
     *     {@link StaticKey#enable()} or {@link StaticKey#deferDisable}, or if the node holds 5,000 keys already
     */
    Hold acquire(StaticKey key, Duration timeout);

    /**
     * Waits until the service's snapshot is applied and changes are applied as they come.
     *
     * @return whether that is so; false at the timeout, at an interrupt (with the interrupt status set again), or as
     *     soon as it is clear that it never will be
     */
    boolean awaitReady(Duration timeout);

    /**
     * What this node is doing now. Changes are applied by one thread, so a rebind that does not end keeps up all others:
     * {@link Status#rebinding} names its key, and the log says so once.
     */
    Status status();

    /**
     * What this node has done, in numbers. Goes over its static keys and what waits to be applied: for every few seconds,
     * not for every request.
     */
    Figures figures();

    /**
     * Calls the listener with each change that this node has applied from now on, after the rebind. It is called by one
     * thread at a time, a thread of the node's, whose context class loader is this library's; and not once
     * {@link #close()} has returned, save for a call that is under way.
     *
     * <p>A listener that is slow, or blocks for ever, delays neither the mirror nor heartbeats nor other listeners. What
     * waits for it is the newest change of each key: it misses intermediate states of a key, never the newest. What it
     * throws is logged, and the next change is told to it all the same.
     *
     * <p>It may do all that the application may: test and acquire keys, close holds, register and remove listeners, close
     * this node. The node refers to it until the registration or the node is closed.
     *
     * @return closes to end the calls
     * @throws IllegalStateException if 1,000 listeners are registered
     */
    Registration onChange(Consumer<KeyChange> listener);

    /**
     * Calls the listener with each edge of a static key that this node has applied from now on, and how long its rebind
     * took, for metrics. As {@link #onChange}, but that none is replaced by a newer one of its key: what waits for the
     * listener are the edges themselves. While 10,000 wait it misses further ones; {@link #figures} counts all.
     *
     * @return closes to end the calls
     * @throws IllegalStateException if 1,000 listeners of rebinds are registered
     */
    Registration onRebind(Consumer<KeyRebind> listener);

    /**
     * Says bye to the service, which ends the node's holds, and stops, within a bounded time. The static keys keep their
     * last state, but for those whose stale policy disables them. Threads that wait in {@link #acquire} get an
     * {@link UnavailableException}. From the second call on a no-op.
     */
    @Override
    void close();

    /** What a node is to be like. Not safe for use by several threads. */
    interface Builder {

        /** Another URI of the same service; they are tried in turn. */
        Builder service(URI alternative);

        /** This JVM's id, unique among live JVMs: 1 to 128 characters of {@code [A-Za-z0-9._@:-]}. Default: host, pid and a random part. */
        Builder node(String id);

        /** The application's name, for people. Default: the main class. */
        Builder application(String name);

        /** The application's version, for people. Default: none. */
        Builder applicationVersion(String version);

        /** Mirror only keys with one of these prefixes, at most 100. Default: all keys. */
        Builder prefixes(List<String> prefixes);

        /** What keys do once the node is stale. Default: {@link StalePolicy#HOLD}. */
        Builder stalePolicy(StalePolicy policy);

        /** What one key does once the node is stale. */
        Builder stalePolicy(String key, StalePolicy policy);

        /** How long {@link #acquire(StaticKey)} waits at most. Default: 10 s. */
        Builder acquireTimeout(Duration timeout);

        /** How long a connection may take to come about. Default: 5 s. */
        Builder connectTimeout(Duration timeout);

        /** How long one request for a hold may go unanswered before it is sent again. Default: 5 s. */
        Builder requestTimeout(Duration timeout);

        /**
         * How long the node keeps a key after its last hold was closed, so that holding it again soon costs no request.
         * Default: zero. Delays this node's own release, never a change from elsewhere.
         */
        Builder linger(Duration linger);

        /**
         * Asked for a bearer token before each connection and request, on threads of the node's that may wait; while it
         * has not returned, the node does not connect. The context class loader of these threads is this library's: what
         * needs the application's must set it. Default: none.
         */
        Builder bearerToken(Supplier<String> token);

        /**
         * Asked for what TLS is to trust and to show before each connection of the channel, where the {@link #bearerToken}
         * would be. What it supplies is used for that connection and for the requests while it stands. Default: the JVM's
         * own.
         */
        Builder sslContext(Supplier<SSLContext> context);

        /** Where to log. Default: {@code dev.patchkey.client}. */
        Builder logger(System.Logger logger);

        /**
         * Starts the node, without waiting for the service.
         *
         * @throws IllegalStateException if another is open
         */
        Patchkey start();
    }
}
