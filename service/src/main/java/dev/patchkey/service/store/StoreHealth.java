package dev.patchkey.service.store;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Whether this pod gets through to the authority behind the counts. */
public interface StoreHealth {

    /** What the authority does for this pod. */
    enum State {
        /** It takes commands and answers reads. */
        AVAILABLE,
        /** It answers reads and takes no commands, as a database does that is read-only, full, or locked by somebody. */
        READ_ONLY,
        /** It answers nothing. Reads and the nodes are served from memory, which may be behind other pods. */
        UNREACHABLE
    }

    /**
     * What was found last.
     *
     * @param state as found, not longer ago than a few seconds
     * @param since when this pod first found it so, by the pod's own clock
     * @param reason in a sentence, for people; null if and only if the state is {@link State#AVAILABLE}
     */
    record Report(State state, Instant since, @Nullable String reason) {}

    /** What was found last; never blocks. */
    Report report();
}
