package dev.patchkey.client;

/**
 * How a session ended, and what follows.
 *
 * @param next what the node does now
 * @param sentence what happened, for people
 */
record Ending(Next next, String sentence) {

    /** What follows the end of a session. */
    enum Next {
        /** Connect again after a backoff that grows with each failure. */
        BACK_OFF,
        /** Connect again at once, but for a jitter: the pod says that others are there. */
        MOVE_ON,
        /**
         * Say hello again after a random part of a heartbeat: the pod has begun anew, and with it all of its nodes, which
         * must not come back at one moment.
         */
        RESYNC,
        /** Another has taken the node's place: never again. */
        SUPERSEDED,
        /** The service does not speak this protocol version: never again. */
        INCOMPATIBLE
    }

    /** As the protocol's table of close codes has it; 0 is a connection that broke. */
    static Ending ofClose(int code, String sentence) {
        Next next = switch (code) {
            case 1001 -> Next.MOVE_ON;
            case 4410 -> Next.RESYNC;
            case 4409 -> Next.SUPERSEDED;
            case 4426 -> Next.INCOMPATIBLE;
            default -> Next.BACK_OFF;
        };
        return new Ending(next, code == 0 ? sentence : sentence + " (close code " + code + ")");
    }

    static Ending broken(String sentence) {
        return new Ending(Next.BACK_OFF, sentence);
    }
}
