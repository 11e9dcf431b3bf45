package dev.patchkey.statickey;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The deferral once more, plainly, and with every step open to be overridden. */
class DeferringSketch extends Sketch implements Deferring {

    final Timer timer;
    long delayNanos;

    @Nullable Runnable deferral;

    DeferringSketch(Site.Factory sites, Timer timer) {
        super(sites, 0);
        this.timer = timer;
    }

    @Override
    public void deferDisable(Duration delay) {
        delayNanos = delay.toNanos();
    }

    @Override
    void giveBackTheLast() {
        if (delayNanos == 0) {
            super.giveBackTheLast();
        } else {
            defer();
        }
    }

    void defer() {
        Runnable due = new Runnable() {
            @Override
            public void run() {
                elapsed(this);
            }
        };
        timer.schedule(delayNanos, due);
        deferral = due;
    }

    void elapsed(Runnable due) {
        lock.lock();
        try {
            if (deferral == due) {
                try {
                    end();
                } catch (RuntimeException e) {
                    timer.schedule(delayNanos, due);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    void end() {
        if (!decrementFast()) {
            lowerFromOne();
        }
        deferral = null;
    }

    @Override
    public void flush() {
        lock.lock();
        try {
            if (deferral != null) {
                end();
            }
        } finally {
            lock.unlock();
        }
    }
}
