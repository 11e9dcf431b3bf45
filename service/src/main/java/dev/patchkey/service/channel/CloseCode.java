package dev.patchkey.service.channel;

/** Why a pod closes a connection. */
enum CloseCode {
    /** After {@code bye}. */
    NORMAL(1000, "bye"),
    GOING_AWAY(1001, "going-away"),
    TOO_LARGE(1009, "message-too-large"),
    /** A malformed or out-of-order message. */
    INVALID(4400, "invalid-message"),
    /** The credential of the connection is good no longer. */
    UNAUTHENTICATED(4401, "unauthenticated"),
    /** The caller may use none of the keys that the node asks for. */
    FORBIDDEN(4403, "forbidden"),
    /** No hello in time, or no heartbeat within the lease. */
    SILENT(4408, "silent"),
    SUPERSEDED(4409, "superseded"),
    /** A new epoch, or changes that may have been missed. */
    RESYNC(4410, "resync"),
    UNSUPPORTED(4426, "protocol-unsupported"),
    /** Too much unacknowledged for too long. */
    STUCK(4429, "stuck"),
    /** The pod is not ready, or behind the node. */
    NOT_READY(4503, "not-ready");

    final int code;
    final String problem;

    CloseCode(int code, String problem) {
        this.code = code;
        this.problem = problem;
    }
}
