package dev.patchkey.statickey;

/** Runs tasks later, by a monotonic clock. The seam between a deferred disable and the time that it takes. */
interface Timer {

    /** A task that was scheduled. */
    @FunctionalInterface
    interface Scheduled {

        /** Forgets the task: the timer refers to it no more. A task that is running, or about to run, goes on. */
        void cancel();
    }

    /**
     * Runs the task once, after at least so long, on a thread of the timer's and never on the caller's. Where the JDK
     * fails meanwhile it may come to be run twice, which a task must bear.
     */
    Scheduled schedule(long delayNanos, Runnable task);

    /** The JDK's own timer, so that the library has no thread that somebody would have to end. */
    static Timer ofTheJdk() {
        return JdkTimer.INSTANCE;
    }
}
