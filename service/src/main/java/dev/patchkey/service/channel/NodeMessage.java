package dev.patchkey.service.channel;

import dev.patchkey.service.propagation.Excepted;
import dev.patchkey.service.propagation.NodeHolds.Held;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Version;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A message from a node, every field of which keeps the protocol's rules. */
sealed interface NodeMessage {

    /** The first message of a connection; the fields are those of the protocol page. */
    record Hello(
            String node,
            String incarnation,
            String application,
            String version,
            @Nullable Version known,
            List<Held> held,
            List<String> prefixes,
            String stalePolicy)
            implements NodeMessage {}

    /** Every message up to n is applied, but for the excepted keys. */
    record Applied(long n, Map<KeyName, Excepted> except) implements NodeMessage {}

    /** Renews the lease. */
    record Heartbeat(long seq) implements NodeMessage {}

    /** Static keys that the node has declared, with their call sites. */
    record Declared(Map<String, Integer> keys) implements NodeMessage {}

    /** The node is shutting down. */
    record Bye() implements NodeMessage {}
}
