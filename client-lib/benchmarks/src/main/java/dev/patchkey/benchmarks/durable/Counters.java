package dev.patchkey.benchmarks.durable;

import java.util.List;

/** Counters kept by servers of their own, which are started for it and end with it. */
interface Counters extends AutoCloseable {

    /** One caller; it waits for each answer. Used by one thread. */
    interface Caller extends AutoCloseable {

        /**
         * Adds 1 to the counter, and returns when the server has said that this is done.
         *
         * @return how many attempts it took
         * @throws Exception if it is not known to be done
         */
        int increment(String key) throws Exception;

        @Override
        void close() throws Exception;
    }

    Caller caller() throws Exception;

    /** Makes sure that the counters are there; what they are at stays. */
    void prepare(List<String> keys) throws Exception;

    /** What the counters add up to, asked for from where it is decided. */
    long sum(List<String> keys) throws Exception;

    @Override
    void close() throws Exception;
}
