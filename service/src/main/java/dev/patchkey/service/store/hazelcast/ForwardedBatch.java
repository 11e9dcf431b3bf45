package dev.patchkey.service.store.hazelcast;

import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.core.HazelcastInstanceAware;
import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.store.CommitterRoute.Answer;
import dev.patchkey.service.store.StoreUnavailableException;
import java.io.Serializable;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Commands that a pod sends to the committer, which puts them into its own next batch. */
@SuppressWarnings("serial") // it has a serializer of its own
final class ForwardedBatch implements Callable<ForwardedBatch.Answers>, HazelcastInstanceAware, Serializable {

    /** The key in the member's user context under which the committer serves. */
    static final String SERVED_BY = "patchkey.committer";

    /** What the committer answers. */
    record Answers(List<Answer> answers) {}

    private final transient List<Command> commands;
    private transient @Nullable HazelcastInstance hazelcast;

    ForwardedBatch(List<Command> commands) {
        this.commands = commands;
    }

    List<Command> commands() {
        return commands;
    }

    @Override
    public void setHazelcastInstance(HazelcastInstance instance) {
        hazelcast = instance;
    }

    @Override
    public Answers call() {
        Function<Command, CompletableFuture<Outcome>> committer = committer();
        if (committer == null) {
            return new Answers(commands.stream()
                    .map(command -> (Answer) new Answer.Unavailable("The committer is still starting"))
                    .toList());
        }
        List<CompletableFuture<Outcome>> outcomes =
                commands.stream().map(committer).toList();
        return new Answers(outcomes.stream().map(ForwardedBatch::answer).toList());
    }

    @SuppressWarnings("unchecked") // PartitionRoute puts it there
    private @Nullable Function<Command, CompletableFuture<Outcome>> committer() {
        return hazelcast == null
                ? null
                : (Function<Command, CompletableFuture<Outcome>>)
                        hazelcast.getUserContext().get(SERVED_BY);
    }

    private static Answer answer(CompletableFuture<Outcome> outcome) {
        try {
            return new Answer.Decided(outcome.join());
        } catch (CompletionException e) {
            return e.getCause() instanceof StoreUnavailableException unavailable
                    ? new Answer.Unavailable(String.valueOf(unavailable.getMessage()))
                    : new Answer.Unknown(String.valueOf(e.getCause()));
        }
    }
}
