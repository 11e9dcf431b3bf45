package dev.patchkey.service.store.hazelcast;

import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.core.HazelcastInstanceAware;
import com.hazelcast.map.EntryProcessor;
import com.hazelcast.nio.ObjectDataInput;
import com.hazelcast.nio.ObjectDataOutput;
import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.KeyState;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.refcount.RefCounts;
import dev.patchkey.service.refcount.Refusal;
import dev.patchkey.service.refcount.RequestId;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.Remembered;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Decides a pod's batch of commands for one key, on the thread that owns the key's partition, which is the fence.
 *
 * <p>The batch is numbered by its pod. An entry remembers the last number of each pod with its outcomes, so the same
 * batch sent again is answered and not done twice, and one that arrives after a later one is known as late. What is sent
 * to the backups is the resulting entry, for a batch that was done before too: its first backup may be what failed.
 *
 * <p>The time is the owner's, which does not step. That of another owner may differ, so a pod's last batch is forgotten
 * by their number and not by its age: it must be known to a promoted owner, whatever the time is there.
 */
@SuppressWarnings("serial") // it has a serializer of its own
final class DecideBatch implements EntryProcessor<String, KeyEntry, DecideBatch.Reply>, HazelcastInstanceAware {

    /** The most requests remembered for one key: more are refused, and none is forgotten before its time. */
    static final int MOST_REQUESTS = 1000;

    /**
     * What came of it.
     *
     * @param late whether a later batch of the pod was decided before; then nothing was done and there are no outcomes
     * @param outcomes one for each command
     * @param edges which of the commands have made the key enabled, or disabled, by their places; none for a batch that was
     *     done before
     */
    record Reply(boolean late, List<Outcome> outcomes, List<Integer> edges) {
        static void write(ObjectDataOutput out, Reply reply) throws IOException {
            out.writeBoolean(reply.late);
            Codec.writeList(out, reply.outcomes, Codec::writeOutcome);
            Codec.writeList(out, reply.edges, (to, place) -> to.writeInt(place));
        }

        static Reply read(ObjectDataInput in) throws IOException {
            return new Reply(
                    in.readBoolean(),
                    Codec.readList(in, Codec::readOutcome),
                    Codec.readList(in, ObjectDataInput::readInt));
        }
    }

    /** Puts the resulting entry into a backup. */
    @SuppressWarnings("serial") // it has a serializer of its own
    record Backup(KeyEntry entry) implements EntryProcessor<String, KeyEntry, Reply> {
        @Override
        public @Nullable Reply process(Map.Entry<String, KeyEntry> backup) {
            backup.setValue(entry);
            return null;
        }
    }

    private final transient String pod;
    private final transient long number;
    private final transient long epoch;
    private final transient List<Command> commands;

    /** Whose key it is; set before {@link #process}. */
    private transient @Nullable PartitionOwner owner;

    /** What the backups get; set by {@link #process}. */
    private transient @Nullable KeyEntry result;

    /**
     * @param pod names this life of the pod that asks
     * @param number of the batch; greater than that of any earlier one of the pod
     * @param epoch the life of the store, as the pod knows it
     * @param commands at least one, all of the entry's key
     */
    DecideBatch(String pod, long number, long epoch, List<Command> commands) {
        this.pod = pod;
        this.number = number;
        this.epoch = epoch;
        this.commands = commands;
    }

    @Override
    public void setHazelcastInstance(HazelcastInstance member) {
        decidedBy(PartitionOwner.at(member));
    }

    DecideBatch decidedBy(PartitionOwner decider) {
        owner = decider;
        return this;
    }

    @Override
    public Reply process(Map.Entry<String, KeyEntry> entry) {
        KeyEntry known = entry.getValue();
        KeyEntry.LastBatch last = known == null ? null : known.batches().get(pod);
        if (last != null && last.number() >= number) {
            result = known;
            return last.number() == number ? again(entry, known, last) : new Reply(true, List.of(), List.of());
        }
        KeyEntry before = known != null
                ? known
                : new KeyEntry(KeyState.absent(new KeyName(entry.getKey())), epoch, Map.of(), Map.of());
        PartitionOwner decider = Objects.requireNonNull(owner);
        Decided decided = new Decided(
                before, Math.max(epoch, before.epoch()), decider.clock().instant());
        commands.forEach(decided::decide);
        if (known != null || decided.writes()) {
            result = decided.entry(pod, number, decider.mostBatches());
            entry.setValue(result);
        }
        return new Reply(false, decided.outcomes, decided.edges);
    }

    /** Answers what was done before, moved into the epoch of this attempt if that is newer. */
    private Reply again(Map.Entry<String, KeyEntry> entry, KeyEntry known, KeyEntry.LastBatch last) {
        if (known.epoch() < epoch) {
            result = new KeyEntry(known.state(), epoch, known.requests(), known.batches());
            entry.setValue(result);
        }
        return new Reply(false, last.outcomes().stream().map(this::inThisEpoch).toList(), List.of());
    }

    private Outcome inThisEpoch(Outcome outcome) {
        return outcome instanceof Outcome.Done done && done.version().epoch() < epoch
                ? new Outcome.Done(
                        done.count(), new Version(epoch, done.version().revision()), done.changed())
                : outcome;
    }

    @Override
    public @Nullable EntryProcessor<String, KeyEntry, Reply> getBackupProcessor() {
        return result == null ? null : new Backup(result);
    }

    /** What the commands make of an entry. */
    private static final class Decided {
        private final KeyEntry before;
        private final long epoch;
        private final Instant now;
        private final Map<KeyEntry.Asked, Remembered> requests;
        private final List<Outcome> outcomes = new ArrayList<>();
        private final List<Integer> edges = new ArrayList<>();
        private KeyState state;
        private boolean remembers;

        Decided(KeyEntry before, long epoch, Instant now) {
            this.before = before;
            this.epoch = epoch;
            this.now = now;
            this.state = before.state();
            this.requests = new HashMap<>(before.requests());
            requests.values().removeIf(request -> request.at().isBefore(now.minus(Remembered.KEPT)));
        }

        void decide(Command command) {
            RequestId request = command.request();
            if (request == null) {
                outcomes.add(apply(command));
                return;
            }
            KeyEntry.Asked asked = new KeyEntry.Asked(request.caller(), request.key());
            Remembered known = requests.get(asked);
            if (known != null) {
                outcomes.add(known.replay(request));
            } else if (requests.size() >= MOST_REQUESTS) {
                outcomes.add(tooMany());
            } else {
                Outcome outcome = apply(command);
                requests.put(asked, new Remembered(request.hash(), outcome, now));
                remembers = true;
                outcomes.add(outcome);
            }
        }

        private Outcome tooMany() {
            return new Outcome.Refused(
                    Refusal.TOO_MANY_REQUESTS,
                    "Idempotency-Key must be one of at most " + MOST_REQUESTS + " for key " + state.key() + " in "
                            + Remembered.KEPT.toMinutes()
                            + " minutes, and there were as many: none is forgotten early");
        }

        private Outcome apply(Command command) {
            RefCounts.Decision decision =
                    RefCounts.apply(state, command, new RefCounts.Moment(now, epoch, state.revision() + 1));
            if (decision.state().enabled() != state.enabled()) {
                edges.add(outcomes.size());
            }
            state = decision.state();
            return decision.outcome();
        }

        @SuppressWarnings("ReferenceEquality") // the core returns the very instance where there is nothing to write
        boolean writes() {
            return remembers || state != before.state();
        }

        KeyEntry entry(String pod, long number, int mostBatches) {
            Map<String, KeyEntry.LastBatch> batches = new HashMap<>(before.batches());
            batches.put(pod, new KeyEntry.LastBatch(number, List.copyOf(outcomes), afterAllOthers()));
            while (batches.size() > mostBatches) {
                batches.remove(oldest(batches));
            }
            return new KeyEntry(
                    state, epoch, Collections.unmodifiableMap(requests), Collections.unmodifiableMap(batches));
        }

        private static String oldest(Map<String, KeyEntry.LastBatch> batches) {
            return Collections.min(
                            batches.entrySet(),
                            Comparator.comparing(batch -> batch.getValue().at()))
                    .getKey();
        }

        /** Now, or just after the newest batch: an owner whose clock is behind its predecessor's does not disorder them. */
        private Instant afterAllOthers() {
            Instant newest = before.batches().values().stream()
                    .map(KeyEntry.LastBatch::at)
                    .max(Comparator.naturalOrder())
                    .orElse(Instant.MIN);
            return now.isAfter(newest) ? now : newest.plusNanos(1);
        }
    }

    static void write(ObjectDataOutput out, DecideBatch batch) throws IOException {
        out.writeString(batch.pod);
        out.writeLong(batch.number);
        out.writeLong(batch.epoch);
        Codec.writeList(out, batch.commands, Codec::writeCommand);
    }

    static DecideBatch read(ObjectDataInput in) throws IOException {
        return new DecideBatch(
                Codec.readText(in), in.readLong(), in.readLong(), Codec.readList(in, Codec::readCommand));
    }
}
