package dev.patchkey.service.store.hazelcast;

import com.hazelcast.cluster.Member;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.core.HazelcastInstanceNotActiveException;
import com.hazelcast.core.IExecutorService;
import com.hazelcast.partition.Partition;
import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.store.CommitterRoute;
import dev.patchkey.service.store.OutcomeUnknownException;
import dev.patchkey.service.store.StoreUnavailableException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/** The committer is the owner of one fixed partition: all pods agree on it without asking, or soon do. */
final class PartitionRoute implements CommitterRoute {

    /** Above the time in which a dead member is noticed, which then ends the wait. */
    private static final long PATIENCE_SECONDS = 30;

    private final HazelcastInstance hazelcast;
    private final Partition partition;
    private final IExecutorService executor;

    /** Of this pod: a committer of another one would commit elsewhere. */
    private final String authority;

    PartitionRoute(HazelcastInstance hazelcast) {
        this.hazelcast = hazelcast;
        this.partition = hazelcast.getPartitionService().getPartition(ClusterConfig.COMMITTER);
        this.authority = Strangers.authorityOf(hazelcast);
        this.executor = hazelcast.getExecutorService(ClusterConfig.COMMITTER);
    }

    @Override
    public boolean isHere() {
        Member owner = partition.getOwner();
        return owner == null || isHere(owner);
    }

    /** With a stranger for the owner, as with none, each pod commits for itself: the fence keeps that safe. */
    private boolean isHere(Member owner) {
        return owner.localMember() || !Strangers.authorityOf(owner).equals(authority);
    }

    @Override
    public void serve(Function<Command, CompletableFuture<Outcome>> committer) {
        hazelcast.getUserContext().put(ForwardedBatch.SERVED_BY, committer);
    }

    @Override
    public List<Answer> forward(List<Command> batch) {
        Member owner = partition.getOwner();
        if (owner == null || isHere(owner)) {
            throw new StoreUnavailableException("There is no other committer");
        }
        Future<ForwardedBatch.Answers> answers;
        try {
            answers = executor.submitToMember(new ForwardedBatch(batch), owner);
        } catch (RejectedExecutionException | HazelcastInstanceNotActiveException e) {
            throw new StoreUnavailableException("The committer takes no commands", e);
        }
        try {
            return answers.get(PATIENCE_SECONDS, TimeUnit.SECONDS).answers();
        } catch (ExecutionException | TimeoutException e) {
            throw new OutcomeUnknownException("The committer did not answer", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new OutcomeUnknownException("Interrupted while the committer had the command", e);
        }
    }
}
