package dev.patchkey.service.store;

import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.Outcome;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * The way to the pod that commits at present. It exists for speed alone, so that the commands of all pods share batches:
 * any pod may commit, and the fence keeps that safe.
 */
public interface CommitterRoute {

    /** Whether this pod is the one. */
    boolean isHere();

    /**
     * Has the committer decide the commands; blocks.
     *
     * @param batch at most {@link Commits#LARGEST_BATCH}
     * @return one answer for each command, in the same order
     * @throws StoreUnavailableException if the committer surely got none of them
     * @throws OutcomeUnknownException if it may have got them
     */
    List<Answer> forward(List<Command> batch);

    /** Serves what other pods forward to this one. */
    void serve(Function<Command, CompletableFuture<Outcome>> committer);

    /** The committer's answer to one forwarded command. */
    sealed interface Answer {
        /** It was decided. */
        record Decided(Outcome outcome) implements Answer {}

        /** It was surely not applied. */
        record Unavailable(String message) implements Answer {}

        /** It may have been applied. */
        record Unknown(String message) implements Answer {}
    }
}
