package dev.patchkey.service.propagation;

/**
 * A key that a node excepts from what it says is applied: its rebind has failed, or is paced, or is refused there.
 *
 * @param revision the one that it could not apply
 * @param reason why, for people
 */
public record Excepted(long revision, String reason) {}
