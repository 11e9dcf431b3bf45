package dev.patchkey.service.refcount;

/**
 * Names one request of one caller, so that a retry gets the first outcome and is not done twice.
 *
 * @param caller who asks; two callers may use the same key
 * @param key the caller's {@code Idempotency-Key}
 * @param hash of all that the request asks for; the same key with another hash is refused
 */
public record RequestId(String caller, String key, String hash) {}
