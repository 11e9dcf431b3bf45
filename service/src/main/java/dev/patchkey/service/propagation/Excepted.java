package dev.patchkey.service.propagation;

/**
 * A key whose rebind failed on a node, as the node says.
 *
 * @param revision the one that it could not apply
 * @param reason why, for people
 */
public record Excepted(long revision, String reason) {}
