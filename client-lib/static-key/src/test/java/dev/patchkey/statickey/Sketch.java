package dev.patchkey.statickey;

import dev.patchkey.statickey.mirror.MirroredState;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The algorithm once more, plainly, and with every step open to be overridden: a broken variant breaks one of them.
 * Checks are run against the sketch too, so that what they catch in a variant is the step that it breaks.
 */
class Sketch implements Subject {

    final Site site;
    final AtomicInteger count;
    final ReentrantLock lock = new ReentrantLock();
    final List<Runnable> actions = new ArrayList<>();
    volatile @Nullable MirroredState mirrored;
    volatile boolean leftSlow;

    Sketch(Site.Factory sites, int count) {
        this.site = sites.create(Targets.free(count > 0));
        this.count = new AtomicInteger(count);
    }

    @Override
    public boolean isEnabled() {
        return isEnabled(site.target());
    }

    /** The test, given the target: for code in which the site is a constant, as in a sketch it is not. */
    boolean isEnabled(MethodHandle target) {
        return target == Targets.ON || (target != Targets.OFF && count() > 0);
    }

    @Override
    public int count() {
        return Math.max(0, count.get());
    }

    @Override
    public int word() {
        return count.get();
    }

    @Override
    public void beforeEnable(Runnable action) {
        actions.add(action);
    }

    @Override
    public void increment() {
        if (incrementFast()) {
            retryIfLeftSlow();
            return;
        }
        lock.lock();
        try {
            if (!incrementFast()) {
                raise(1, null);
            }
        } finally {
            lock.unlock();
        }
    }

    boolean incrementFast() {
        for (int c = count.get(); c > 0; c = count.get()) {
            if (c == Integer.MAX_VALUE) {
                throw new MaximumCountException("sketch");
            }
            if (count.compareAndSet(c, c + 1)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public void decrement() {
        if (decrementFast()) {
            retryIfLeftSlow();
            return;
        }
        lock.lock();
        try {
            if (!decrementFast()) {
                giveBackTheLast();
            }
        } finally {
            lock.unlock();
        }
    }

    void giveBackTheLast() {
        lowerFromOne();
    }

    boolean decrementFast() {
        for (int c = count.get(); c > 1; c = count.get()) {
            if (count.compareAndSet(c, c - 1)) {
                return true;
            }
        }
        return false;
    }

    void lowerFromOne() {
        if (count.get() < 1) {
            throw new IllegalStateException("nothing to give back");
        }
        try {
            slow();
            giveBackInSlow();
        } finally {
            settle(count.get() > 0);
        }
    }

    void giveBackInSlow() {
        while (!count.compareAndSet(1, 0) && !decrementFast()) {
            Thread.onSpinWait();
        }
    }

    @Override
    public boolean apply(int n, long epoch, long revision) {
        MirroredState pair = MirroredState.applied(n, epoch, revision);
        lock.lock();
        try {
            MirroredState old = mirrored;
            int byVersion = old == null ? 1 : pair.compareVersion(old);
            if (byVersion > 0) {
                move(pair);
            } else if (byVersion == 0 && old != null && old.stale()) {
                move(old.withStale(false));
            } else {
                settleOrThrow();
            }
            return byVersion > 0;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void stale() {
        lock.lock();
        try {
            MirroredState old = mirrored;
            if (old != null) {
                move(old.withStale(true));
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public @Nullable MirroredState state() {
        return mirrored;
    }

    void move(MirroredState next) {
        int n = next.effectiveCount();
        boolean enabled = count.get() > 0;
        if (enabled == n > 0) {
            publish(n, next);
        } else if (enabled) {
            lower(next);
        } else {
            raise(n, next);
        }
        settleOrThrow();
    }

    void settleOrThrow() {
        if (leftSlow) {
            settle(count.get() > 0);
        }
        if (leftSlow) {
            throw new IllegalStateException("left slow");
        }
    }

    void retryIfLeftSlow() {
        if (leftSlow && lock.tryLock()) {
            try {
                settle(count.get() > 0);
            } finally {
                lock.unlock();
            }
        }
    }

    void raise(int n, @Nullable MirroredState next) {
        boolean published = false;
        count.set(-1);
        try {
            slow();
            actions.forEach(Runnable::run);
            publish(n, next);
            published = true;
        } finally {
            if (!published) {
                restore();
            }
            settle(count.get() > 0);
        }
    }

    void lower(MirroredState next) {
        try {
            slow();
            publish(0, next);
        } finally {
            settle(count.get() > 0);
        }
    }

    void slow() {
        site.retarget(Targets.SLOW);
    }

    void restore() {
        count.set(0);
    }

    void publish(int n, @Nullable MirroredState next) {
        mirrored = next;
        count.set(n);
    }

    void settle(boolean enabled) {
        leftSlow = true;
        for (int attempt = 0; leftSlow && attempt < 3; attempt++) {
            try {
                site.retarget(Targets.free(enabled));
                leftSlow = false;
            } catch (RuntimeException e) {
                // stays left slow
            }
        }
    }
}
