package dev.patchkey.client;

import java.util.Locale;

/** What a mirrored key reads as once the node has been cut off for so long that its lease has ended. */
public enum StalePolicy {
    /** The last state that the node has applied; the default. */
    HOLD,
    /** Disabled. Bounded by the scheduling of the node's threads, never instantaneous; not paced, as other changes are. */
    DISABLE;

    String inProtocol() {
        return name().toLowerCase(Locale.ROOT);
    }
}
