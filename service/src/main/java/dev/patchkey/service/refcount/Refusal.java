package dev.patchkey.service.refcount;

/** Why a command was refused. A refused command has changed nothing. */
public enum Refusal {
    /** A decrement by more bare references than there are. */
    COUNT_BELOW_ZERO,
    /** The count would pass 2^31-1. */
    COUNT_OVERFLOW,
    /** A delete of a key whose count is not 0. */
    KEY_ENABLED,
    /** A delete of a key that has never been, or is deleted already. */
    KEY_UNKNOWN,
    /** A node's hold command that comes before one already decided. */
    OPERATION_SUPERSEDED,
    /** An operator's command on a hold that a node owns, or a node's on one that an operator owns. */
    HOLD_OF_ANOTHER_KIND,
    /** More holds on one key than the named bound allows. */
    TOO_MANY_HOLDS,
    /** The Idempotency-Key has been used for another request. */
    REQUEST_REUSED,
    /** More requests are remembered for this key than the store keeps; none is forgotten early. */
    TOO_MANY_REQUESTS
}
