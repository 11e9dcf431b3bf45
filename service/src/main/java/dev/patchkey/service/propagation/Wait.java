package dev.patchkey.service.propagation;

import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Version;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** One caller that waits for a version of a key. All but the future is guarded by the lock of {@link LiveNodes}. */
final class Wait {
    final KeyName key;
    final Version version;
    /** The live sessions that the key concerns and that have not reached the version. */
    final Set<NodeSession> missing = Collections.newSetFromMap(new IdentityHashMap<>(4));

    final List<Propagation.Expired> expired = new ArrayList<>(0);
    /** Completed with the answer of the moment at which it is reached. */
    final CompletableFuture<PodProgress> reached = new CompletableFuture<>();

    Wait(KeyName key, Version version) {
        this.key = key;
        this.version = version;
    }
}
