package dev.patchkey.systemtests.robustness.history;

/**
 * What a thread of a node saw of a key, again and again, until it saw something else.
 *
 * @param node its id
 * @param run which life of the node's process
 * @param live whether the node's lease stood at every look
 * @param first after the first look
 * @param last before the last look
 */
public record Sighting(
        String node,
        int run,
        String key,
        Version version,
        int count,
        boolean stale,
        boolean live,
        long first,
        long last) {}
