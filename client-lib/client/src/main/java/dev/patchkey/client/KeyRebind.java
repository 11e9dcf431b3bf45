package dev.patchkey.client;

import java.time.Duration;

/**
 * An edge of a static key that this node has applied.
 *
 * @param key the key's name
 * @param enabled whether the key has become enabled; false if it has become disabled
 * @param took from the node's setting out to change the key until its call sites were rebound, the key's preparations
 *     included: how long every other change of this node had to wait for it
 */
public record KeyRebind(String key, boolean enabled, Duration took) {}
