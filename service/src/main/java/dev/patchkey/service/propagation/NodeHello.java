package dev.patchkey.service.propagation;

import dev.patchkey.service.refcount.KeyName;
import java.util.List;

/**
 * Who a session belongs to, as far as propagation needs to know.
 *
 * @param node the node's id
 * @param incarnation the number of this life of the node's JVM
 * @param session names this connection in the whole cluster
 * @param application for people
 * @param version of the application; empty if the node did not say
 * @param stalePolicy {@code hold} or {@code disable}
 * @param prefixes only keys that start with one of these concern the node; empty for all
 */
public record NodeHello(
        String node,
        long incarnation,
        String session,
        String application,
        String version,
        String stalePolicy,
        List<String> prefixes) {

    /** Whether the node is to be told of the key. */
    public boolean isConcernedBy(KeyName key) {
        if (prefixes.isEmpty()) {
            return true;
        }
        for (String prefix : prefixes) {
            if (key.value().startsWith(prefix)) {
                return true;
            }
        }
        return false;
    }
}
