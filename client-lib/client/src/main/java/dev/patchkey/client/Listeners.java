package dev.patchkey.client;

import dev.patchkey.statickey.Registration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Who wants to be told of changes. Each has a queue of its own with the newest change of each key, and so no longer than
 * there are keys, and a worker of its own while it is told; so one which is slow, blocks or throws keeps up nobody else
 * and costs a bounded amount of memory. Safe for use by several threads.
 */
final class Listeners {

    /** Each may block a thread. An application has a handful; one that registers without end has a leak. */
    static final int MOST = 1_000;

    private final Threads threads;
    private final System.Logger logger;
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();
    private volatile boolean closed;

    Listeners(Threads threads, System.Logger logger) {
        this.threads = threads;
        this.logger = logger;
    }

    Registration add(Consumer<KeyChange> consumer) {
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

    void tell(KeyChange change) {
        for (Listener listener : listeners) {
            listener.tell(change);
        }
    }

    /** Nobody is told any more, nor kept. */
    synchronized void close() {
        closed = true;
        listeners.clear();
    }

    private final class Listener {

        private final Consumer<KeyChange> consumer;
        private volatile boolean removed;

        /** By key, in the order in which they are to be told. Guarded by itself. */
        private final Map<String, KeyChange> pending = new LinkedHashMap<>();

        /** Whether a worker is telling. Guarded by pending. */
        private boolean telling;

        Listener(Consumer<KeyChange> consumer) {
            this.consumer = consumer;
        }

        void tell(KeyChange change) {
            synchronized (pending) {
                pending.put(change.key(), change);
                if (telling) {
                    return;
                }
                telling = true;
            }
            threads.run(this::tellPending);
        }

        private void tellPending() {
            for (KeyChange change = next(); change != null; change = next()) { // ends: when there is none
                try {
                    if (!removed && !closed) {
                        consumer.accept(change);
                    }
                } catch (Throwable e) {
                    logger.log(
                            System.Logger.Level.WARNING, "a listener has thrown at the change of " + change.key(), e);
                }
            }
        }

        private @Nullable KeyChange next() {
            synchronized (pending) {
                var first = pending.entrySet().iterator();
                if (!first.hasNext()) {
                    telling = false;
                    return null;
                }
                KeyChange change = first.next().getValue();
                first.remove();
                return change;
            }
        }
    }
}
