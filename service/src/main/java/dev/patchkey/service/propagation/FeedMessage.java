package dev.patchkey.service.propagation;

import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.View;
import java.util.List;

/** A numbered message to a node, with the states that it carries. */
public sealed interface FeedMessage {

    /** Its number in the session, given because it is written now. */
    long n();

    /** The pod's version. */
    Version version();

    /** The states of keys. */
    List<View.Entry> entries();

    /**
     * One part of a snapshot.
     *
     * @param last whether it is the last part
     */
    record SnapshotPart(long n, Version version, List<View.Entry> entries, boolean last) implements FeedMessage {}

    /** Newer states of at least one key. */
    record Change(long n, Version version, List<View.Entry> entries) implements FeedMessage {}
}
