package dev.patchkey.statickey;

import java.util.Objects;

/** Broken variants of the deferral, each with one mistake that the checks must catch. */
final class BrokenDeferral {

    private BrokenDeferral() {}

    /** Takes a key that was enabled again for one whose disable is off, and so never gives the kept reference back. */
    static class LosesTheReference extends DeferringSketch {
        LosesTheReference(Site.Factory site, Timer timer) {
            super(site, timer);
        }

        @Override
        void end() {
            if (count.get() == 1) {
                lowerFromOne();
            }
            deferral = null;
        }
    }

    /** Begins a deferral whenever the last of the others' references is given back, whether one is pending or not. */
    static class SchedulesTwo extends DeferringSketch {
        SchedulesTwo(Site.Factory site, Timer timer) {
            super(site, timer);
        }

        @Override
        boolean decrementFast() {
            if (count.get() == 2 && deferral != null && !lock.isHeldByCurrentThread()) {
                lock.lock();
                try {
                    defer();
                    count.decrementAndGet();
                    return true;
                } finally {
                    lock.unlock();
                }
            }
            return super.decrementFast();
        }
    }

    /** Disables when the time is over, whoever has enabled the key meanwhile. */
    static class StoresZeroAtTheEnd extends DeferringSketch {
        StoresZeroAtTheEnd(Site.Factory site, Timer timer) {
            super(site, timer);
        }

        @Override
        void end() {
            slow();
            count.set(0);
            settle(false);
            deferral = null;
        }
    }

    /** As the kernel, counts down first and then up again, which others see. */
    static class ShowsTheZero extends DeferringSketch {
        ShowsTheZero(Site.Factory site, Timer timer) {
            super(site, timer);
        }

        @Override
        void defer() {
            count.decrementAndGet();
            super.defer();
            count.incrementAndGet();
        }
    }

    /** Rebinds to SLOW at once, so that the edge itself is quick later: correct, and nothing is gained. */
    static class RebindsAtOnce extends DeferringSketch {
        RebindsAtOnce(Site.Factory site, Timer timer) {
            super(site, timer);
        }

        @Override
        void defer() {
            slow();
            super.defer();
        }
    }

    /** Leaves a deferral to the timer if that is just at it. */
    static class FlushesAndLeaves extends DeferringSketch {
        FlushesAndLeaves(Site.Factory site, Timer timer) {
            super(site, timer);
        }

        @Override
        public void flush() {
            if (lock.tryLock()) {
                lock.unlock();
                super.flush();
            }
        }
    }

    /** Lets a timer end a deferral that has begun after the one that was its own. */
    static class EndsTheNext extends DeferringSketch {
        EndsTheNext(Site.Factory site, Timer timer) {
            super(site, timer);
        }

        @Override
        void elapsed(Runnable due) {
            if (deferral != null) {
                super.elapsed(Objects.requireNonNull(deferral));
            }
        }
    }

    /** Forgets the deferral before its edge has succeeded. */
    static class ForgetsWhatFails extends DeferringSketch {
        ForgetsWhatFails(Site.Factory site, Timer timer) {
            super(site, timer);
        }

        @Override
        void end() {
            deferral = null;
            super.end();
        }
    }
}
