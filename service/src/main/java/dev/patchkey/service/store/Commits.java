package dev.patchkey.service.store;

import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.Outcome;
import java.util.List;

/** Decides commands at the authority, a batch at a time. */
public interface Commits {

    /**
     * Decides the commands in their order, each on the state that the one before has left, and makes the result durable
     * and visible before it returns.
     *
     * @param batch at most {@link #LARGEST_BATCH} commands, of any keys that this instance is given
     * @return one outcome for each command, in the same order
     * @throws StoreUnavailableException if none of the batch was applied
     * @throws OutcomeUnknownException if some or all of it may have been applied
     */
    List<Outcome> execute(List<Command> batch);

    /** Bounds how long one transaction, or one entry processor, keeps everybody else waiting. */
    int LARGEST_BATCH = 512;
}
