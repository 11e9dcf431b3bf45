package dev.patchkey.statickey;

import dev.patchkey.statickey.mirror.MirroredState;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/** Broken variants of the key, each with one mistake that the checks must catch. Some have been made in earnest. */
final class Broken {

    private Broken() {}

    /** Two targets: its tests read the target alone, and rebinding takes it from one free target to the other. */
    static class TwoTargets extends Sketch {
        TwoTargets(Site.Factory site, int count) {
            super(site, count);
        }

        @Override
        boolean isEnabled(MethodHandle target) {
            return target == Targets.ON;
        }

        @Override
        public int count() {
            return isEnabled() ? Math.max(1, super.count()) : 0;
        }

        @Override
        void slow() {}
    }

    /** The kernel's increment before its commit 4c5ea0a9cd02: publishes 1 and rebinds after that. */
    static class PublishesFirst extends Sketch {
        PublishesFirst(Site.Factory site, int count) {
            super(site, count);
        }

        @Override
        void raise(int n, @Nullable MirroredState next) {
            publish(n, next);
            slow();
            settle(true);
        }
    }

    /** Rebinds to ON and publishes after that. */
    static class PublishesLast extends Sketch {
        PublishesLast(Site.Factory site, int count) {
            super(site, count);
        }

        @Override
        void raise(int n, @Nullable MirroredState next) {
            count.set(-1);
            slow();
            settle(true);
            publish(n, next);
        }
    }

    /** Disables by publishing 0 and rebinding after that. */
    static class PublishesZeroFirst extends Sketch {
        PublishesZeroFirst(Site.Factory site, int count) {
            super(site, count);
        }

        @Override
        void lowerFromOne() {
            count.set(0);
            slow();
            settle(false);
        }

        @Override
        void lower(MirroredState next) {
            publish(0, next);
            slow();
            settle(false);
        }
    }

    /** Answers an apply that is not newer without waiting for the rebind in progress. */
    static class ReturnsEarlyIfNotNewer extends Sketch {
        ReturnsEarlyIfNotNewer(Site.Factory site, int count) {
            super(site, count);
        }

        @Override
        public boolean apply(int n, long epoch, long revision) {
            MirroredState old = mirrored;
            return (old == null || MirroredState.applied(n, epoch, revision).compareVersion(old) > 0 || old.stale())
                    && super.apply(n, epoch, revision);
        }
    }

    /** A mirror that says what it has applied before it rebinds, and answers by that. */
    static class AnnouncesFirst extends ReturnsEarlyIfNotNewer {
        AnnouncesFirst(Site.Factory site, int count) {
            super(site, count);
        }

        @Override
        void move(MirroredState next) {
            mirrored = next;
            super.move(next);
        }
    }

    /** Applies whatever comes last. */
    static class LastWriteWins extends Sketch {
        LastWriteWins(Site.Factory site, int count) {
            super(site, count);
        }

        @Override
        public boolean apply(int n, long epoch, long revision) {
            lock.lock();
            try {
                move(MirroredState.applied(n, epoch, revision));
                return true;
            } finally {
                lock.unlock();
            }
        }
    }

    /** Compares revisions of different epochs. */
    static class IgnoresEpoch extends Sketch {
        IgnoresEpoch(Site.Factory site, int count) {
            super(site, count);
        }

        @Override
        public boolean apply(int n, long epoch, long revision) {
            return super.apply(n, 1, revision);
        }
    }

    /** Lifts staleness whatever is applied. */
    static class LiftsOnAnything extends Sketch {
        LiftsOnAnything(Site.Factory site, int count) {
            super(site, count);
        }

        @Override
        public boolean apply(int n, long epoch, long revision) {
            lock.lock();
            try {
                MirroredState old = mirrored;
                if (old != null && old.stale()) {
                    move(old.withStale(false));
                }
                return super.apply(n, epoch, revision);
            } finally {
                lock.unlock();
            }
        }
    }

    /** Goes stale by forgetting what it knew. */
    static class StaleForgets extends Sketch {
        StaleForgets(Site.Factory site, int count) {
            super(site, count);
        }

        @Override
        public void stale() {
            lock.lock();
            try {
                move(new MirroredState(0, 0, 0, true));
            } finally {
                lock.unlock();
            }
        }
    }

    /** Its count wraps. */
    static class Wraps extends Sketch {
        Wraps(Site.Factory site, int count) {
            super(site, count);
        }

        @Override
        boolean incrementFast() {
            if (count.get() > 0) {
                count.incrementAndGet();
                return true;
            }
            return false;
        }
    }

    /** Decrements from 1 without rebinding. */
    static class DecrementsFastFromOne extends Sketch {
        DecrementsFastFromOne(Site.Factory site, int count) {
            super(site, count);
        }

        @Override
        boolean decrementFast() {
            int c = count.get();
            return c > 0 && count.compareAndSet(c, c - 1);
        }
    }

    /*
     * The decrements of the kernel's kernel/jump_label.c in 2024. In all of them jump_label_update() is our edge, under
     * the lock; its place among our steps is ours, so that the only mistake is the one of the count; and where the
     * kernel would warn of a decrement at 0, these throw. What stood until which commit:
     *
     *     until 83ab38ef0a0b                        DecrementsFastUnlessOne
     *     from there until 224fa3552029             TakesAnyCountForOne
     *     from there until de752774f38b             RetriesOnce
     *     in linux-next alone until 1d7f856c2ca4    DecrementsTwice, which was de752774f38b
     */

    /**
     * The decrement before 83ab38ef0a0b: atomic_fetch_add_unless(-1, 1), which lets 0 and the sentinel through; under the
     * lock, a plain decrement.
     */
    static class DecrementsFastUnlessOne extends Sketch {
        DecrementsFastUnlessOne(Site.Factory site, int count) {
            super(site, count);
        }

        @Override
        boolean decrementFast() {
            for (int c = count.get(); c != 1; c = count.get()) {
                if (count.compareAndSet(c, c - 1)) {
                    return true;
                }
            }
            return false;
        }

        @Override
        void giveBackInSlow() {
            count.decrementAndGet();
        }
    }

    /**
     * The decrement of 83ab38ef0a0b, before 224fa3552029: under the lock, if (atomic_cmpxchg(1, 0)) takes whatever was
     * there and is not 0 for 1, so that a decrement that meets a fast increment from 1 to 2 gives nothing back.
     */
    static class TakesAnyCountForOne extends Sketch {
        TakesAnyCountForOne(Site.Factory site, int count) {
            super(site, count);
        }

        @Override
        void giveBackInSlow() {
            if (count.compareAndExchange(1, 0) == 0 && !decrementFast()) {
                throw new IllegalStateException("nothing to give back");
            }
        }
    }

    /**
     * The decrement of 224fa3552029, before de752774f38b: under the lock atomic_cmpxchg(1, 0), else one fast decrement,
     * which must not fail, and does if the count went from 1 to 2 before the first and back to 1 before the second.
     */
    static class RetriesOnce extends Sketch {
        RetriesOnce(Site.Factory site, int count) {
            super(site, count);
        }

        @Override
        void giveBackInSlow() {
            if (count.compareAndExchange(1, 0) != 1 && !decrementFast()) {
                throw new IllegalStateException("nothing to give back");
            }
        }
    }

    /**
     * The decrement of de752774f38b, before 1d7f856c2ca4 took its place: returns the count it has found as a bool, so
     * that a fast decrement from above 1 looks like none, and another follows under the lock.
     */
    static class DecrementsTwice extends Sketch {
        DecrementsTwice(Site.Factory site, int count) {
            super(site, count);
        }

        @Override
        public void decrement() {
            decrementFast();
            lock.lock();
            try {
                lowerFromOne();
            } finally {
                lock.unlock();
            }
        }

        @Override
        void giveBackInSlow() {
            count.decrementAndGet();
        }
    }

    /** Stores 0 on the edge down, over whatever a fast increment has made of it. */
    static class StoresZero extends Sketch {
        StoresZero(Site.Factory site, int count) {
            super(site, count);
        }

        @Override
        void lowerFromOne() {
            slow();
            count.set(0);
            settle(false);
        }
    }

    /** Leaves the sentinel behind when a rebind or a preparation fails. */
    static class LeavesSentinel extends Sketch {
        LeavesSentinel(Site.Factory site, int count) {
            super(site, count);
        }

        @Override
        void restore() {}
    }

    /** Takes back what it has published when the last rebind fails. */
    static class TakesBack extends Sketch {
        TakesBack(Site.Factory site, int count) {
            super(site, count);
        }

        @Override
        void settle(boolean enabled) {
            super.settle(enabled);
            if (leftSlow && enabled) {
                count.set(0);
                throw new IllegalStateException("taken back");
            }
        }
    }

    /** Leaves a site slow for good. */
    static class NeverTriesAgain extends Sketch {
        NeverTriesAgain(Site.Factory site, int count) {
            super(site, count);
        }

        @Override
        void retryIfLeftSlow() {}

        @Override
        void settleOrThrow() {}
    }

    /** Says that it applied what it failed to apply. */
    static class SwallowsFailures extends Sketch {
        SwallowsFailures(Site.Factory site, int count) {
            super(site, count);
        }

        @Override
        void move(MirroredState next) {
            try {
                super.move(next);
            } catch (RuntimeException e) {
                mirrored = next;
            }
        }
    }

    /** Runs its preparations once everybody can see the key enabled: the null pointer of the guarded code. */
    static class PreparesLate extends Sketch {
        PreparesLate(Site.Factory site, int count) {
            super(site, count);
        }

        @Override
        void raise(int n, @Nullable MirroredState next) {
            count.set(-1);
            slow();
            publish(n, next);
            actions.forEach(Runnable::run);
            settle(true);
        }
    }

    /** Tests its count under the lock of its edges. */
    static class LocksItsTest extends Sketch {
        LocksItsTest(Site.Factory site, int count) {
            super(site, count);
        }

        @Override
        public boolean isEnabled() {
            lock.lock();
            try {
                return super.isEnabled();
            } finally {
                lock.unlock();
            }
        }
    }
}
