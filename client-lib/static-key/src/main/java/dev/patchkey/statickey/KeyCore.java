package dev.patchkey.statickey;

import dev.patchkey.statickey.mirror.MirroredState;
import dev.patchkey.statickey.mirror.RebindException;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** The state of a key, and all that changes it. Refers to its key object weakly, and to no class of the application. */
final class KeyCore implements Entry {

    /*
     * The algorithm.
     *
     * A key is a count and a call site with three targets. A test is
     *
     *     target == ON || target != OFF && count > 0
     *
     * by identity of the target, which the JIT has folded into compiled code. Rebinding the site is not atomic: its
     * target is stored first, and code with the old one folded is thrown away after that, so for a while threads differ
     * about it. Hence an edge never goes from one free target to the other:
     *
     *     up    count 0 -> -1   site SLOW   preparations   count -1 -> n   site ON
     *     down                  site SLOW                  count n  -> 0   site OFF
     *
     * When the rebind to SLOW has returned, every test reads the count, and the volatile write that publishes it changes
     * them all at once: it is the linearization point. The last rebind only makes the tests free again. At any time:
     *
     *     code with ON folded can run   implies  count > 0
     *     code with OFF folded can run  implies  count <= 0
     *
     * With two targets a thread can see a key on through a test not yet folded, and then off through one that is.
     *
     * The count, from which whether a row is fast or slow is decided:
     *
     *     n > 0   increment              n+1, a CAS; refused at MAXIMUM
     *     0       increment              slow: the edge up, to 1
     *     -1      any change             waits for the lock, and decides again
     *     n > 1   decrement              n-1, a CAS; never from 1, 0 or -1
     *     1       decrement              slow: the edge down. Between the rebind to SLOW and the CAS from 1 a fast
     *                                    increment may come; then that CAS fails, and the row for n > 1 applies
     *     1       decrement, deferring   slow: 1, and the reference is the deferral's from now on
     *     any     deferral's end         slow: as decrement, deferring not
     *     any     apply, newer           slow: an edge if it crosses one, else a plain store
     *     any     apply, not newer       slow: nothing, but after whatever holds the lock
     *
     * -1 says that an edge up is in progress and not published: whoever meets it must not return before the rebinding
     * has, and gets that by taking the lock. It is never shown: a count reads as at least 0.
     *
     * Example. Threads A and B enable a disabled key. A takes the lock, sets -1, rebinds to SLOW. B reads -1, so it may
     * neither count (its increment would return while tests somewhere are still folded off) nor return: it waits. A
     * publishes 1, rebinds to ON, unlocks. B gets the lock, finds 1, and increments by the fast row. Had B come between
     * A's publishing and A's unlocking, it would have counted to 2 at once: by then no test anywhere says off.
     *
     * Deferral. A key that was told to defers its edge down: the last reference is not given back but handed over to a
     * deferral, which gives it back when its time is over, or at a flush. So the count stays what it is, at 1, and is true
     * throughout: the key is enabled, and an increment meanwhile is a CAS that rebinds nothing. There is at most one
     * deferral at a time. While there is one, the count is that of the others' references and one more, so the others'
     * decrements are all fast; one that finds the count at 1 has no reference to give back.
     *
     * Example. The last of two threads closes at time 0, and the delay is 10: the deferral has the reference, the count
     * is 1. At time 4 a thread enables: 2. At time 6 it closes: 1. At time 10 the deferral ends: the edge down. Had the
     * thread closed at time 12, the deferral would have counted from 2 to 1 at time 10, and the close at 12 would have
     * begun the next deferral. So there is an edge down at most once in a delay, however often the key is enabled.
     *
     * Failures. Before the count is published, it is put back, and the site is rebound to the target that goes with it.
     * After it, there is no way back, and none is needed. In both cases the last rebind may fail as well: then the site
     * stays slow, or wherever the failure left it, all of which agree with the count; the failure is kept, and every
     * later change of the key tries again. A deferral whose edge fails before the count is published keeps its reference,
     * and its end comes once more after a further delay. Should the JDK's timer fail too, a flush alone can end it.
     *
     * After the static keys of the Linux kernel, kernel/jump_label.c, and its history: 4c5ea0a9cd02 (an increment that
     * published 1 before the code was patched, so that a second one returned early: the sentinel), 1dbb6704de91 (its
     * enable and disable), 83ab38ef0a0b, 224fa3552029 and 1d7f856c2ca4, at first de752774f38b (the decrement),
     * eb8c507296f6 (overflow). The deferral is that of its static_key_slow_dec_deferred(), which counts to 0 and back to 1
     * under the lock; ours never shows the 0. Unlike the kernel's, the sentinel reads as disabled, and a change of the
     * count is seen by all tests at once.
     */

    /** The largest count. */
    static final int MAXIMUM = Integer.MAX_VALUE;

    /** The count while an edge up is in progress and not published. */
    static final int SENTINEL = -1;

    /**
     * The longest delay of a deferral. Until it ends the JDK's timer refers to this library's classes, and a key that is
     * to stay enabled for longer than this is one whose reference is kept.
     */
    static final Duration LONGEST_DELAY = Duration.ofHours(1);

    /**
     * The shortest delay after which a deferral whose edge failed tries again: a rebind fails for want of memory or by a
     * bug, and neither is cured by trying hard.
     */
    static final Duration SHORTEST_RETRY = Duration.ofSeconds(1);

    private final String name;

    /**
     * The count: {@link #SENTINEL}, or 0 to {@link #MAXIMUM}. Changed under the lock, but for the fast rows: n to n+1
     * from n &gt; 0, and n to n-1 from n &gt; 1, in local keys. So under the lock its sign stands still.
     */
    private final AtomicInteger count;

    private final Rebinding rebinding;

    private final Timer timer;

    /** The key's lock: held through an edge. Taken before {@link #publication}. */
    private final ReentrantLock lock = new ReentrantLock();

    /**
     * Makes the count and what is mirrored change together for {@link #mirrored()}. Held for two stores, and never while
     * anything is rebound or run, so that who asks what is mirrored does not wait for an edge.
     */
    private final Object publication = new Object();

    /** Guarded by {@link #publication}, and written under the lock too. */
    private @Nullable MirroredState mirrored;

    /** Written under the lock. */
    private volatile Mode mode;

    /** Guarded by the lock. How long the edge down is deferred; 0 if it is not. */
    private long delayNanos;

    /** Written under the lock. Owns one of the references counted, until it ends; null if there is none. */
    private volatile @Nullable Deferral deferral;

    /** Guarded by the lock. Whether the registry has forgotten this core: it must not be changed any more. */
    private boolean retired;

    /** The key object, if it is reachable. Written by the registry, one thread at a time, before the key is handed out. */
    private volatile @Nullable WeakReference<FoldedKey> key;

    KeyCore(String name, Site.Factory sites, @Nullable MirroredState mirrored) {
        this(name, sites, new AtomicInteger(mirrored == null ? 0 : mirrored.effectiveCount()), mirrored);
    }

    KeyCore(String name, Site.Factory sites, AtomicInteger count, @Nullable MirroredState mirrored) {
        this(name, sites, Timer.ofTheJdk(), count, mirrored);
    }

    KeyCore(String name, Site.Factory sites, Timer timer, AtomicInteger count, @Nullable MirroredState mirrored) {
        this.name = name;
        this.timer = timer;
        this.count = count;
        this.rebinding = new Rebinding(sites.create(Targets.free(count.get() > 0)));
        this.mirrored = mirrored;
        this.mode = mirrored != null ? Mode.MIRRORED : count.get() > 0 ? Mode.LOCAL : Mode.UNDECIDED;
    }

    String name() {
        return name;
    }

    Site site() {
        return rebinding.site();
    }

    /** 0 or the number of references; the sentinel reads as 0. */
    int count() {
        return Math.max(0, count.get());
    }

    Mode mode() {
        return mode;
    }

    @Nullable FoldedKey key() {
        WeakReference<FoldedKey> reference = key;
        return reference == null ? null : reference.get();
    }

    /** The reference to the key object, or to the one that was collected last; null if there never was one. */
    @Nullable WeakReference<FoldedKey> reference() {
        return key;
    }

    void key(WeakReference<FoldedKey> reference) {
        key = reference;
    }

    @Override
    public @Nullable MirroredState mirrored() {
        synchronized (publication) {
            return mirrored;
        }
    }

    // Counting a local key

    void increment() {
        if (mode == Mode.LOCAL && incrementFast()) {
            retryIfLeftSlow();
        } else {
            incrementSlow();
        }
    }

    /** Increments a positive count; false if it is none. */
    private boolean incrementFast() {
        for (int c = count.get(); c > 0; c = count.get()) { // ends: each turn is another thread's success
            if (c == MAXIMUM) {
                throw new MaximumCountException(name);
            }
            if (count.compareAndSet(c, c + 1)) {
                return true;
            }
        }
        return false;
    }

    private void incrementSlow() {
        lock.lock();
        try {
            mode = mode.become(Mode.LOCAL, name);
            if (!incrementFast()) {
                raise(1, null);
            }
        } finally {
            lock.unlock();
        }
        reportIfLeftSlow();
    }

    void decrement() {
        if (decrementFast()) {
            retryIfLeftSlow();
        } else {
            decrementSlow();
        }
    }

    /** Decrements a count above 1; false if it is none. */
    private boolean decrementFast() {
        for (int c = count.get(); c > 1; c = count.get()) { // ends: each turn is another thread's success
            if (count.compareAndSet(c, c - 1)) {
                return true;
            }
        }
        return false;
    }

    private void decrementSlow() {
        lock.lock();
        try {
            if (decrementFast()) {
                return;
            }
            if (count.get() < 1 || deferral != null) { // 1, or more by a fast increment since
                throw new IllegalStateException("key '" + name + "' has no reference to give back");
            }
            if (delayNanos == 0) {
                lowerFromOne();
            } else {
                defer();
            }
        } finally {
            lock.unlock();
        }
        reportIfLeftSlow();
    }

    /** The edge down of a local key, or a mere decrement if a fast increment comes first. */
    private void lowerFromOne() {
        try {
            rebinding.slow();
            while (!count.compareAndSet(1, 0) && !decrementFast()) { // ends: each turn is another thread's success
                Thread.onSpinWait();
            }
        } finally {
            rebinding.settle(count.get() > 0);
        }
    }

    // Deferring the edge down of a local key

    /** From now on; a deferral that is pending keeps its time. */
    void deferDisable(long newDelayNanos) {
        lock.lock();
        try {
            mode = mode.become(Mode.LOCAL, name);
            delayNanos = newDelayNanos;
        } finally {
            lock.unlock();
        }
    }

    /** Ends the deferral that is pending, if one is; returns when the rebinding has finished, whoever does it. */
    void flush() {
        lock.lock();
        try {
            Deferral pending = deferral;
            if (pending == null) {
                return;
            }
            end();
            pending.scheduled.cancel();
        } finally {
            lock.unlock();
        }
        reportIfLeftSlow();
    }

    /** Has the reference that a close has left as the last one, until its time is over. */
    private final class Deferral implements Runnable {

        /** Guarded by the lock. */
        private Timer.Scheduled scheduled;

        Deferral(long delayNanos) {
            scheduled = timer.schedule(delayNanos, this);
        }

        @Override
        public void run() {
            elapsed(this);
        }
    }

    /** Under the lock: takes over the caller's reference. If it throws, nothing has changed. */
    private void defer() {
        deferral = new Deferral(delayNanos);
    }

    /** Under the lock: gives the deferral's reference back. If it throws, nothing has changed. */
    private void end() {
        if (!decrementFast()) {
            lowerFromOne();
        }
        deferral = null;
    }

    @SuppressWarnings("CatchingUnchecked")
    private void elapsed(Deferral due) {
        Throwable failure = null;
        lock.lock();
        try {
            if (deferral != due) {
                return; // flushed
            }
            try {
                end();
            } catch (Throwable e) {
                failure = e;
                due.scheduled = timer.schedule(Math.max(delayNanos, SHORTEST_RETRY.toNanos()), due);
            }
        } finally {
            lock.unlock();
            if (failure != null) {
                log("its deferred disable has failed, and it stays enabled until the next attempt or a flush", failure);
            }
        }
        if (failure == null) {
            reportIfLeftSlow();
        }
    }

    // Mirroring

    /** How an apply ended, if it did not throw. */
    enum Applied {
        NEWER,
        NOT_NEWER,
        /** The registry has forgotten this core; nothing was done. */
        RETIRED
    }

    Applied apply(MirroredState pair) {
        lock.lock();
        try {
            if (retired) {
                return Applied.RETIRED;
            }
            mode = mode.become(Mode.MIRRORED, name);
            MirroredState old = mirrored();
            int byVersion = old == null ? 1 : pair.compareVersion(old);
            if (byVersion > 0) {
                move(pair);
            } else if (byVersion == 0 && old != null && old.stale()) {
                move(old.withStale(false));
            } else {
                settleOrThrow();
            }
            return byVersion > 0 ? Applied.NEWER : Applied.NOT_NEWER;
        } finally {
            lock.unlock();
        }
    }

    void stale() {
        lock.lock();
        try {
            MirroredState old = mirrored();
            if (old == null) {
                if (mode == Mode.LOCAL && !retired) {
                    mode = mode.become(Mode.MIRRORED, name); // throws
                }
            } else if (old.stale()) {
                settleOrThrow();
            } else {
                move(old.withStale(true));
            }
        } finally {
            lock.unlock();
        }
    }

    /** Under the lock: to the new state, across an edge if its count is on the other side. */
    private void move(MirroredState next) {
        int n = next.effectiveCount();
        boolean enabled = count.get() > 0;
        if (enabled == n > 0) {
            publish(n, next);
        } else {
            try {
                if (enabled) {
                    lower(next);
                } else {
                    raise(n, next);
                }
            } catch (RuntimeException | Error e) {
                throw new RebindException(name, e);
            }
        }
        settleOrThrow();
    }

    private void settleOrThrow() {
        rebinding.settleIfLeftSlow(count.get() > 0);
        Throwable failure = rebinding.failure();
        if (failure != null) {
            throw new RebindException(name, failure);
        }
    }

    // Edges, under the lock

    private void raise(int n, @Nullable MirroredState next) {
        boolean published = false;
        count.set(SENTINEL);
        try {
            rebinding.slow();
            preparations().forEach(Preparation::run);
            publish(n, next);
            published = true;
        } finally {
            if (!published) {
                count.set(0);
            }
            rebinding.settle(published);
        }
    }

    /** The edge down of a mirrored key, whose count has no fast rows. */
    private void lower(MirroredState next) {
        try {
            rebinding.slow();
            publish(0, next);
        } finally {
            rebinding.settle(count.get() > 0);
        }
    }

    private void publish(int n, @Nullable MirroredState next) {
        synchronized (publication) {
            mirrored = next;
            count.set(n);
        }
    }

    // Preparations

    void prepare(Preparation preparation) {
        lock.lock();
        try {
            if (count.get() > 0) {
                preparation.run();
            }
            preparation.key().attachments().preparations().add(preparation);
        } finally {
            lock.unlock();
        }
    }

    void unprepare(Preparation preparation) {
        lock.lock();
        try {
            preparation.key().attachments().preparations().remove(preparation);
        } finally {
            lock.unlock();
        }
    }

    /** Under the lock, so that a preparation registered before it was taken is seen. */
    private List<Preparation> preparations() {
        FoldedKey reachable = key();
        return reachable == null ? List.of() : reachable.attachments().preparations();
    }

    // Failed rebinds

    /** After a fast row: tries to settle a site left slow, unless somebody is at the key and will do so. */
    private void retryIfLeftSlow() {
        if (rebinding.failure() != null && lock.tryLock()) {
            try {
                rebinding.settleIfLeftSlow(count.get() > 0);
            } finally {
                lock.unlock();
            }
        }
    }

    /** Without the lock. */
    private void reportIfLeftSlow() {
        Throwable failure = rebinding.failure();
        if (failure != null) {
            log("it is correct but its tests are slow, until a change of the key rebinds it", failure);
        }
    }

    /** Without the lock. */
    private void log(String consequence, Throwable failure) {
        // The logger is looked up here, since that may do I/O, which making a key may not.
        System.getLogger(KeyCore.class.getPackageName())
                .log(System.Logger.Level.WARNING, "key '" + name + "' could not be rebound: " + consequence, failure);
    }

    // Leaving the registry

    /** What came of an attempt to retire a core. */
    enum Retirement {
        /** Its key object is gone and it has nothing worth keeping: it never was mirrored, and its count is 0. */
        RETIRED,
        /** It has a key object, a version, or references. */
        KEPT,
        /** It is just being changed, or is going to be by its deferral: to be asked again. */
        BUSY
    }

    /** Ends the use of a core that is of no use any more. */
    Retirement retire() {
        if (!lock.tryLock()) {
            return Retirement.BUSY;
        }
        try {
            if (key() == null && deferral != null) {
                return Retirement.BUSY;
            }
            retired = key() == null && count.get() == 0 && mode != Mode.MIRRORED;
            return retired ? Retirement.RETIRED : Retirement.KEPT;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public String toString() {
        String how = mode == Mode.UNDECIDED ? "" : mode == Mode.LOCAL ? ", local" : ", mirrored";
        return "count " + count() + how + (deferral == null ? "" : ", disable deferred")
                + (rebinding.failure() == null ? "" : ", left slow");
    }
}
