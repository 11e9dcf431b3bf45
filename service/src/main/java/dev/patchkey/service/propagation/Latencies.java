package dev.patchkey.service.propagation;

/** Hears how long propagation takes, in nanoseconds. Must return at once; called by several threads. */
interface Latencies {

    /** Hears nothing. */
    Latencies UNHEARD = new Latencies() {
        @Override
        public void sent(long nanos) {}

        @Override
        public void applied(long nanos) {}

        @Override
        public void awaited(Propagation how, long nanos) {}
    };

    /** A message of changes is written; the oldest of them had come to this pod so long before. */
    void sent(long nanos);

    /** A node has said to have applied changes; the oldest of them had come to this pod so long before. */
    void applied(long nanos);

    /** Somebody has waited so long, and was answered so. */
    void awaited(Propagation how, long nanos);
}
