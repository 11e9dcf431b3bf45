package dev.patchkey.service.web;

import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.View;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What one watcher has yet to be told: the newest state of each key that has changed since it last asked, so its size is
 * bounded by the number of keys however slowly the watcher reads.
 */
final class Watch implements View.Listener {

    private final List<String> prefixes;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition news = lock.newCondition();

    /** Guarded by {@code lock}; in the order in which the keys first changed. */
    private final Map<KeyName, View.Entry> changed = new LinkedHashMap<>();

    /** Guarded by {@code lock}: a new epoch has replaced everything. */
    private boolean replaced;

    /** Guarded by {@code lock}. */
    private boolean closed;

    /** @param prefixes of the keys that are watched */
    Watch(List<String> prefixes) {
        this.prefixes = prefixes;
    }

    /**
     * What has come.
     *
     * @param changes the newest states, or null if everything is replaced and a snapshot is to be read
     */
    record News(@Nullable List<View.Entry> changes) {}

    boolean concerns(KeyName key) {
        return prefixes.stream().anyMatch(key.value()::startsWith);
    }

    @Override
    public void changed(View.Entry entry) {
        if (!concerns(entry.key())) {
            return;
        }
        lock.lock();
        try {
            changed.put(entry.key(), entry);
            news.signal();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void replaced(Version version) {
        lock.lock();
        try {
            replaced = true;
            news.signal();
        } finally {
            lock.unlock();
        }
    }

    /** Ends the stream: {@link #await} throws from now on. */
    void close() {
        lock.lock();
        try {
            closed = true;
            news.signal();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits for news and takes it.
     *
     * @return null if none came in time
     * @throws InterruptedException if interrupted, or closed
     */
    @Nullable News await(Duration most) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long left = most.toNanos();
            while (changed.isEmpty() && !replaced && !closed && left > 0) {
                left = news.awaitNanos(left);
            }
            if (closed) {
                throw new InterruptedException("the service is shutting down");
            }
            if (replaced) {
                replaced = false;
                changed.clear();
                return new News(null);
            }
            if (changed.isEmpty()) {
                return null;
            }
            List<View.Entry> taken = List.copyOf(changed.values());
            changed.clear();
            return new News(taken);
        } finally {
            lock.unlock();
        }
    }
}
