package dev.patchkey.service.store.hazelcast;

import com.hazelcast.nio.ObjectDataInput;
import com.hazelcast.nio.ObjectDataOutput;
import com.hazelcast.projection.Projection;
import com.hazelcast.query.Predicate;
import dev.patchkey.service.refcount.Hold;
import dev.patchkey.service.refcount.Holder;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.KeyState;
import java.io.IOException;
import java.time.Instant;
import java.util.Map;

/** What is asked of all entries at once, on the members that have them. */
@SuppressWarnings("serial") // each has a serializer of its own
final class Queries {

    private Queries() {}

    /** What the view keeps of a key. */
    record Count(KeyName key, int count, long revision) {
        static void write(ObjectDataOutput out, Count count) throws IOException {
            out.writeString(count.key.value());
            out.writeInt(count.count);
            out.writeLong(count.revision);
        }

        static Count read(ObjectDataInput in) throws IOException {
            return new Count(new KeyName(Codec.readText(in)), in.readInt(), in.readLong());
        }
    }

    /** The count of each key. */
    record CountOf() implements Projection<Map.Entry<String, KeyEntry>, Count> {
        @Override
        public Count transform(Map.Entry<String, KeyEntry> entry) {
            KeyState state = entry.getValue().state();
            return new Count(state.key(), state.count(), state.revision());
        }
    }

    /** The state of each key. */
    record StateOf() implements Projection<Map.Entry<String, KeyEntry>, KeyState> {
        @Override
        public KeyState transform(Map.Entry<String, KeyEntry> entry) {
            return entry.getValue().state();
        }
    }

    /** Keys that the holder holds. */
    record HeldBy(Holder holder) implements Predicate<String, KeyEntry> {
        @Override
        public boolean apply(Map.Entry<String, KeyEntry> entry) {
            return entry.getValue().state().holds().containsKey(holder);
        }
    }

    /** Keys with a hold that is past its deadline. */
    record Overdue(Instant now) implements Predicate<String, KeyEntry> {
        @Override
        public boolean apply(Map.Entry<String, KeyEntry> entry) {
            return entry.getValue().state().holds().values().stream().anyMatch(hold -> isOverdue(hold, now));
        }
    }

    static boolean isOverdue(Hold hold, Instant now) {
        return hold.deadline() != null && !hold.deadline().isAfter(now);
    }
}
