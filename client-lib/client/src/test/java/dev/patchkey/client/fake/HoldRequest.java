package dev.patchkey.client.fake;

/** A hold change as it arrived. */
public record HoldRequest(
        boolean acquire, String key, String node, String session, String incarnation, long operation, String body) {}
