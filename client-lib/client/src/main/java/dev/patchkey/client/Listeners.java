package dev.patchkey.client;

import dev.patchkey.statickey.Registration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Who wants to be told of something that happens to keys. Each has a bounded queue of its own, and a worker of its own
 * while it is told; so one which is slow, blocks or throws keeps up nobody else and costs a bounded amount of memory.
 * Safe for use by several threads.
 */
final class Listeners<E> {

    /** Each may block a thread. An application has a handful; one that registers without end has a leak. */
    static final int MOST = 1_000;

    /** What one listener may have before it where nothing replaces anything: a snapshot's edges, and those after it. */
    static final int MOST_PENDING = 10_000;

    private final Function<E, String> key;
    private final boolean newestOnly;
    private final Threads threads;
    private final System.Logger logger;
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();
    private volatile boolean closed;

    private Listeners(Function<E, String> key, boolean newestOnly, Threads threads, System.Logger logger) {
        this.key = key;
        this.newestOnly = newestOnly;
        this.threads = threads;
        this.logger = logger;
    }

    /** What waits for a listener is the newest event of each key, and so no more than there are keys. */
    static <E> Listeners<E> ofNewest(Function<E, String> key, Threads threads, System.Logger logger) {
        return new Listeners<>(key, true, threads, logger);
    }

    /** What waits for a listener is each event; it misses those that come while {@link #MOST_PENDING} wait. */
    static <E> Listeners<E> ofEach(Function<E, String> key, Threads threads, System.Logger logger) {
        return new Listeners<>(key, false, threads, logger);
    }

    Registration add(Consumer<E> consumer) {
        Listener listener = new Listener(consumer);
        synchronized (this) {
            if (closed) {
                return () -> {};
            }
            if (listeners.size() >= MOST) {
                throw new IllegalStateException(MOST + " listeners are registered, the most there can be: close the"
                        + " registrations of those that have gone");
            }
            listeners.add(listener);
        }
        return () -> {
            listener.removed = true;
            listeners.remove(listener);
        };
    }

    void tell(E event) {
        for (Listener listener : listeners) {
            listener.tell(event);
        }
    }

    /** Nobody is told any more, nor kept. */
    synchronized void close() {
        closed = true;
        listeners.clear();
    }

    private final class Listener {

        private final Consumer<E> consumer;
        private volatile boolean removed;

        /** In the order in which they are to be told, by what replaces what. Guarded by itself. */
        private final Map<Object, E> pending = new LinkedHashMap<>();

        /** Whether a worker is telling. Guarded by pending. */
        private boolean telling;

        Listener(Consumer<E> consumer) {
            this.consumer = consumer;
        }

        void tell(E event) {
            synchronized (pending) {
                if (!newestOnly && pending.size() >= MOST_PENDING) {
                    return;
                }
                pending.put(newestOnly ? key.apply(event) : new Object(), event);
                if (telling) {
                    return;
                }
                telling = true;
            }
            threads.run(this::tellPending);
        }

        private void tellPending() {
            for (E event = next(); event != null; event = next()) { // ends: when there is none
                try {
                    if (!removed && !closed) {
                        consumer.accept(event);
                    }
                } catch (Throwable e) {
                    logger.log(
                            System.Logger.Level.WARNING,
                            "a listener has thrown at the change of " + key.apply(event),
                            e);
                }
            }
        }

        private @Nullable E next() {
            synchronized (pending) {
                var first = pending.entrySet().iterator();
                if (!first.hasNext()) {
                    telling = false;
                    return null;
                }
                E event = first.next().getValue();
                first.remove();
                return event;
            }
        }
    }
}
