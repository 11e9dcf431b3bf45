package dev.patchkey.client;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link Patchkey} is doing, at one moment. {@link #toString} says it in a sentence.
 *
 * @param phase what it is doing
 * @param since when it began to
 * @param node this node's id
 * @param pod the pod it is connected to, null if to none
 * @param attempts how many attempts to connect have failed since it was last ready
 * @param lastError the newest error, in a sentence; null if there was none since it was last ready
 * @param nextRetry when it will try to connect again; null if it is connected, connecting or done
 * @param epoch of the newest snapshot or change applied; 0 before the first
 * @param revision of the newest snapshot or change applied; 0 before the first
 * @param heldKeys how many keys the node holds
 * @param unreboundKeys how many keys could not be rebound and are being tried again
 * @param rebinding the key whose rebind has been going on for more than a second, and keeps up all others of this node;
 *     null if there is none. Its preparation blocks, or a thread does not come to a safepoint
 * @param rebindingSince when that rebind began; null if there is none
 */
public record Status(
        Phase phase,
        Instant since,
        String node,
        @Nullable String pod,
        int attempts,
        @Nullable String lastError,
        @Nullable Instant nextRetry,
        long epoch,
        long revision,
        int heldKeys,
        int unreboundKeys,
        @Nullable String rebinding,
        @Nullable Instant rebindingSince) {

    /** What a {@link Patchkey} may be doing. */
    public enum Phase {
        /** Not connected. Keys read as the node last knew them; before the first snapshot, disabled. */
        CONNECTING("connecting to the service"),
        /** Connected; the snapshot is on its way or being applied. */
        SYNCING("applying the service's snapshot"),
        /** Connected and up to date: changes are applied as they come. */
        READY("ready"),
        /** Cut off until its lease ended: the stale policies are in force and holds are lost. It goes on connecting. */
        STALE("stale: the lease has ended, and the stale policies are in force until the next snapshot"),
        /** Another JVM has taken this node's id, or the id is another principal's: it has stopped for good. */
        SUPERSEDED("stopped for good: superseded"),
        /** The service does not speak this protocol version: it has stopped for good. */
        INCOMPATIBLE("stopped for good: the service does not support this client's protocol version"),
        /** Closed by the application. */
        CLOSED("closed");

        private final String words;

        Phase(String words) {
            this.words = words;
        }

        /** Whether it will never be ready again. */
        public boolean isFinal() {
            return this == SUPERSEDED || this == INCOMPATIBLE || this == CLOSED;
        }
    }

    @Override
    public String toString() {
        StringBuilder text =
                new StringBuilder("node ").append(node).append(" is ").append(phase.words);
        text.append(", since ").append(since);
        if (pod != null) {
            text.append(", on pod ").append(pod);
        }
        if (attempts > 0) {
            text.append(", after ").append(attempts).append(attempts == 1 ? " failed attempt" : " failed attempts");
        }
        if (lastError != null) {
            text.append(", last error: ").append(lastError);
        }
        if (nextRetry != null) {
            long millis = Math.max(0, Duration.between(Instant.now(), nextRetry).toMillis());
            text.append(", next attempt in ").append(millis).append(" ms");
        }
        text.append("; applied up to revision ")
                .append(revision)
                .append(" of epoch ")
                .append(epoch);
        text.append(", ").append(heldKeys).append(heldKeys == 1 ? " key held" : " keys held");
        if (unreboundKeys > 0) {
            text.append(", ").append(unreboundKeys).append(" not rebound yet");
        }
        if (rebinding != null) {
            text.append("; the rebind of key ")
                    .append(rebinding)
                    .append(" has lasted since ")
                    .append(rebindingSince)
                    .append(", and no change is applied until it ends");
        }
        return text.toString();
    }
}
