package dev.patchkey.service.propagation;

import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.View;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * Why no change falls between a snapshot and the changes after it (S3): the listener is subscribed before anything is
 * read, and one thread does the rest in turn. Each change is either in a snapshot that this thread reads later, or comes
 * out of the queue later, and may well do both.
 */
/**
 * Carries what the view learns to every session, on a thread of its own, so that the view's thread never waits for ten
 * thousand nodes. A key that changes faster than that is conflated here to its newest state, which bounds the queue by
 * the number of keys.
 */
final class ViewFeeder implements View.Listener, AutoCloseable {

    private static final long STOP_MILLIS = 2000;
    private static final long RETRY_MILLIS = 200;
    private static final Logger log = LoggerFactory.getLogger(ViewFeeder.class);

    private final View view;
    private final LiveNodes nodes;
    private final Thread thread =
            Thread.ofPlatform().daemon().name("patchkey-feeder").unstarted(this::run);

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition work = lock.newCondition();
    /** What has come from the view and is not offered yet. Guarded by the lock, as is all below. */
    private Map<KeyName, View.Entry> changed = new LinkedHashMap<>();

    private boolean replaced = true;
    private boolean woken;
    private boolean heldBack;
    private boolean stopped;
    private View.@Nullable Subscription subscription;

    private record Work(boolean replaced, Collection<View.Entry> changed) {}

    ViewFeeder(View view, LiveNodes nodes) {
        this.view = view;
        this.nodes = nodes;
    }

    void start() {
        subscription = view.subscribe(this);
        thread.start();
    }

    @Override
    public void changed(View.Entry entry) {
        lock.lock();
        try {
            changed.merge(entry.key(), entry, (a, b) -> b.version().isAtLeast(a.version()) ? b : a);
            work.signal();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void replaced(Version version) {
        beginAgain();
    }

    private void beginAgain() {
        lock.lock();
        try {
            changed.clear();
            replaced = true;
            work.signal();
        } finally {
            lock.unlock();
        }
    }

    /** A session has become ready for its snapshot. */
    void wake() {
        lock.lock();
        try {
            woken = true;
            work.signal();
        } finally {
            lock.unlock();
        }
    }

    /** A session holds something back. */
    void wakeInAMoment() {
        lock.lock();
        try {
            heldBack = true;
            work.signal();
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        while (true) {
            try {
                Work next = take();
                if (next == null) {
                    return;
                }
                if (next.replaced) {
                    nodes.replaceAll(view.snapshot(), view.isOrderedAcrossKeys());
                }
                nodes.offer(next.changed);
                nodes.begin(view::snapshot);
                nodes.flushHeldBack();
            } catch (InterruptedException e) {
                return;
            } catch (Throwable e) {
                // Whatever it was, what was taken may not have reached every session: they all have to begin again.
                log.error("Could not feed the nodes; all have to say hello again", e);
                beginAgain();
                if (!pause()) {
                    return;
                }
            }
        }
    }

    /** Whatever failed is not hurried. Returns whether to go on. */
    private static boolean pause() {
        try {
            Thread.sleep(RETRY_MILLIS);
            return true;
        } catch (InterruptedException e) {
            return false;
        }
    }

    private @Nullable Work take() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (!stopped && !replaced && !woken && changed.isEmpty()) {
                if (!heldBack) {
                    work.await();
                } else if (work.awaitNanos(TimeUnit.NANOSECONDS.convert(NodeFeed.MOMENT)) <= 0) {
                    break;
                }
            }
            if (stopped) {
                return null;
            }
            Work next = new Work(replaced, changed.isEmpty() ? List.of() : List.copyOf(changed.values()));
            replaced = false;
            woken = false;
            heldBack = false;
            changed = new LinkedHashMap<>();
            return next;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        View.Subscription open = subscription;
        if (open != null) {
            open.close();
        }
        lock.lock();
        try {
            stopped = true;
            work.signal();
        } finally {
            lock.unlock();
        }
        try {
            thread.join(STOP_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
