package dev.patchkey.client.protocol;

/**
 * One key's state in a message.
 *
 * @param key its name
 * @param count its reference count
 * @param revision of the change that made it so, in the message's epoch
 */
public record KeyState(String key, int count, long revision) {}
