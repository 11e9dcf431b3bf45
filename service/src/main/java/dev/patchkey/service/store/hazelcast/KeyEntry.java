package dev.patchkey.service.store.hazelcast;

import com.hazelcast.nio.ObjectDataInput;
import com.hazelcast.nio.ObjectDataOutput;
import dev.patchkey.service.refcount.KeyState;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.store.Remembered;
import java.io.IOException;
import java.time.Instant;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A key's entry where the map is the authority. Immutable.
 *
 * @param state the key
 * @param epoch the life of the store in which it was last written
 * @param requests those with an Idempotency-Key that were decided in the last {@link Remembered#KEPT}
 * @param batches the last batch of each life of a pod, so that one of unknown fate can be asked for again. The last
 *     {@link PartitionOwner#mostBatches} are remembered, however old they are
 */
record KeyEntry(KeyState state, long epoch, Map<Asked, Remembered> requests, Map<String, LastBatch> batches) {

    /** What a request is remembered by. */
    record Asked(String caller, String key) {}

    /**
     * The last batch of one pod: a pod has one in flight for a key, so one is enough.
     *
     * @param at orders the entry's batches as they were decided: it is the owner's time, or just after the newest of the
     *     others where that is ahead. Ages cannot be told from it, since owners change and their clocks differ
     */
    record LastBatch(long number, List<Outcome> outcomes, Instant at) {}

    static void write(ObjectDataOutput out, KeyEntry entry) throws IOException {
        Codec.writeState(out, entry.state);
        out.writeLong(entry.epoch);
        Codec.writeList(out, entry.requests.entrySet(), (o, request) -> {
            o.writeString(request.getKey().caller());
            o.writeString(request.getKey().key());
            o.writeString(request.getValue().hash());
            Codec.writeOutcome(o, request.getValue().outcome());
            Codec.writeInstant(o, request.getValue().at());
        });
        Codec.writeList(out, entry.batches.entrySet(), (o, batch) -> {
            o.writeString(batch.getKey());
            o.writeLong(batch.getValue().number());
            Codec.writeList(o, batch.getValue().outcomes(), Codec::writeOutcome);
            Codec.writeInstant(o, batch.getValue().at());
        });
    }

    static KeyEntry read(ObjectDataInput in) throws IOException {
        KeyState state = Codec.readState(in);
        long epoch = in.readLong();
        Map<Asked, Remembered> requests = new HashMap<>();
        int requestCount = in.readInt();
        for (int i = 0; i < requestCount; i++) {
            requests.put(
                    new Asked(Codec.readText(in), Codec.readText(in)),
                    new Remembered(Codec.readText(in), Codec.readOutcome(in), Codec.readInstant(in)));
        }
        Map<String, LastBatch> batches = new HashMap<>();
        int batchCount = in.readInt();
        for (int i = 0; i < batchCount; i++) {
            batches.put(
                    Codec.readText(in),
                    new LastBatch(in.readLong(), Codec.readList(in, Codec::readOutcome), Codec.readInstant(in)));
        }
        return new KeyEntry(state, epoch, Collections.unmodifiableMap(requests), Collections.unmodifiableMap(batches));
    }
}
