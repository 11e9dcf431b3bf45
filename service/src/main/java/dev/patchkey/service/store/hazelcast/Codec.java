package dev.patchkey.service.store.hazelcast;

import com.hazelcast.nio.ObjectDataInput;
import com.hazelcast.nio.ObjectDataOutput;
import dev.patchkey.service.refcount.Action;
import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.Hold;
import dev.patchkey.service.refcount.Holder;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.KeyState;
import dev.patchkey.service.refcount.LastChange;
import dev.patchkey.service.refcount.NodeStamp;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.refcount.Refusal;
import dev.patchkey.service.refcount.RequestId;
import dev.patchkey.service.refcount.Version;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The core's types as bytes between pods. Fields are written in the order in which they are read. */
final class Codec {

    private Codec() {}

    /** Writes one value. */
    interface Writer<T> {
        void write(ObjectDataOutput out, T value) throws IOException;
    }

    /** Reads one value. */
    interface Reader<T> {
        T read(ObjectDataInput in) throws IOException;
    }

    static <T> void writeList(ObjectDataOutput out, Collection<T> values, Writer<? super T> writer) throws IOException {
        out.writeInt(values.size());
        for (T value : values) {
            writer.write(out, value);
        }
    }

    static <T> List<T> readList(ObjectDataInput in, Reader<T> reader) throws IOException {
        int size = in.readInt();
        List<T> values = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            values.add(reader.read(in));
        }
        return Collections.unmodifiableList(values);
    }

    static <T> void writeNullable(ObjectDataOutput out, @Nullable T value, Writer<T> writer) throws IOException {
        out.writeBoolean(value != null);
        if (value != null) {
            writer.write(out, value);
        }
    }

    static <T> @Nullable T readNullable(ObjectDataInput in, Reader<T> reader) throws IOException {
        return in.readBoolean() ? reader.read(in) : null;
    }

    static String readText(ObjectDataInput in) throws IOException {
        return Objects.requireNonNull(in.readString());
    }

    static void writeInstant(ObjectDataOutput out, Instant instant) throws IOException {
        out.writeLong(instant.getEpochSecond());
        out.writeInt(instant.getNano());
    }

    static Instant readInstant(ObjectDataInput in) throws IOException {
        return Instant.ofEpochSecond(in.readLong(), in.readInt());
    }

    private static void writeDuration(ObjectDataOutput out, Duration duration) throws IOException {
        out.writeLong(duration.getSeconds());
        out.writeInt(duration.getNano());
    }

    private static Duration readDuration(ObjectDataInput in) throws IOException {
        return Duration.ofSeconds(in.readLong(), in.readInt());
    }

    private static void writeStamp(ObjectDataOutput out, NodeStamp stamp) throws IOException {
        out.writeLong(stamp.incarnation());
        out.writeLong(stamp.operation());
        out.writeString(stamp.session());
    }

    private static NodeStamp readStamp(ObjectDataInput in) throws IOException {
        return new NodeStamp(in.readLong(), in.readLong(), readText(in));
    }

    static void writeVersion(ObjectDataOutput out, Version version) throws IOException {
        out.writeLong(version.epoch());
        out.writeLong(version.revision());
    }

    static Version readVersion(ObjectDataInput in) throws IOException {
        return new Version(in.readLong(), in.readLong());
    }

    static void writeState(ObjectDataOutput out, KeyState state) throws IOException {
        out.writeString(state.key().value());
        out.writeInt(state.bare());
        out.writeLong(state.revision());
        out.writeBoolean(state.deleted());
        writeNullable(out, state.last(), (o, last) -> {
            o.writeString(last.actor());
            writeInstant(o, last.at());
            o.writeString(last.reason());
        });
        writeList(out, state.holds().values(), Codec::writeHold);
        writeList(out, state.ended().entrySet(), (o, ended) -> {
            o.writeString(ended.getKey().value());
            writeStamp(o, ended.getValue().by());
            writeInstant(o, ended.getValue().at());
        });
    }

    static KeyState readState(ObjectDataInput in) throws IOException {
        KeyName key = new KeyName(readText(in));
        int bare = in.readInt();
        long revision = in.readLong();
        boolean deleted = in.readBoolean();
        LastChange last = readNullable(in, i -> new LastChange(readText(i), readInstant(i), i.readString()));
        Map<Holder, Hold> holds = new HashMap<>();
        int holdCount = in.readInt();
        for (int i = 0; i < holdCount; i++) {
            Hold hold = readHold(in);
            holds.put(hold.holder(), hold);
        }
        Map<Holder, KeyState.Ended> ended = new HashMap<>();
        int endedCount = in.readInt();
        for (int i = 0; i < endedCount; i++) {
            ended.put(new Holder(readText(in)), new KeyState.Ended(readStamp(in), readInstant(in)));
        }
        return new KeyState(
                key,
                bare,
                Collections.unmodifiableMap(holds),
                Collections.unmodifiableMap(ended),
                revision,
                last,
                deleted);
    }

    private static void writeHold(ObjectDataOutput out, Hold hold) throws IOException {
        out.writeString(hold.holder().value());
        out.writeString(hold.reason());
        writeInstant(out, hold.since());
        writeNullable(out, hold.lease(), Codec::writeDuration);
        writeNullable(out, hold.deadline(), Codec::writeInstant);
        writeNullable(out, hold.node(), Codec::writeStamp);
    }

    private static Hold readHold(ObjectDataInput in) throws IOException {
        return new Hold(
                new Holder(readText(in)),
                in.readString(),
                readInstant(in),
                readNullable(in, Codec::readDuration),
                readNullable(in, Codec::readInstant),
                readNullable(in, Codec::readStamp));
    }

    static void writeCommand(ObjectDataOutput out, Command command) throws IOException {
        out.writeString(command.key().value());
        writeAction(out, command.action());
        out.writeString(command.actor());
        out.writeString(command.reason());
        writeNullable(out, command.request(), (o, request) -> {
            o.writeString(request.caller());
            o.writeString(request.key());
            o.writeString(request.hash());
        });
        out.writeString(command.trace());
    }

    static Command readCommand(ObjectDataInput in) throws IOException {
        return new Command(
                new KeyName(readText(in)),
                readAction(in),
                readText(in),
                in.readString(),
                readNullable(in, i -> new RequestId(readText(i), readText(i), readText(i))),
                in.readString());
    }

    private static void writeAction(ObjectDataOutput out, Action action) throws IOException {
        switch (action) {
            case Action.Increment increment -> {
                out.writeByte('i');
                out.writeInt(increment.by());
            }
            case Action.Decrement decrement -> {
                out.writeByte('d');
                out.writeInt(decrement.by());
            }
            case Action.Acquire acquire -> {
                out.writeByte('a');
                out.writeString(acquire.holder().value());
                writeNullable(out, acquire.lease(), Codec::writeDuration);
                writeNullable(out, acquire.node(), Codec::writeStamp);
            }
            case Action.Release release -> {
                out.writeByte('r');
                out.writeString(release.holder().value());
                writeNullable(out, release.node(), Codec::writeStamp);
            }
            case Action.Expire expire -> {
                out.writeByte('e');
                out.writeString(expire.holder().value());
                out.writeString(expire.session());
            }
            case Action.Delete delete -> out.writeByte('x');
        }
    }

    private static Action readAction(ObjectDataInput in) throws IOException {
        char kind = (char) in.readByte();
        return switch (kind) {
            case 'i' -> new Action.Increment(in.readInt());
            case 'd' -> new Action.Decrement(in.readInt());
            case 'a' ->
                new Action.Acquire(
                        new Holder(readText(in)),
                        readNullable(in, Codec::readDuration),
                        readNullable(in, Codec::readStamp));
            case 'r' -> new Action.Release(new Holder(readText(in)), readNullable(in, Codec::readStamp));
            case 'e' -> new Action.Expire(new Holder(readText(in)), in.readString());
            case 'x' -> new Action.Delete();
            default -> throw new IOException("No action is written as " + kind);
        };
    }

    static void writeOutcome(ObjectDataOutput out, Outcome outcome) throws IOException {
        switch (outcome) {
            case Outcome.Done done -> {
                out.writeBoolean(true);
                out.writeInt(done.count());
                writeVersion(out, done.version());
                out.writeBoolean(done.changed());
            }
            case Outcome.Refused refused -> {
                out.writeBoolean(false);
                out.writeString(refused.refusal().name());
                out.writeString(refused.detail());
            }
        }
    }

    static Outcome readOutcome(ObjectDataInput in) throws IOException {
        return in.readBoolean()
                ? new Outcome.Done(in.readInt(), readVersion(in), in.readBoolean())
                : new Outcome.Refused(Refusal.valueOf(readText(in)), readText(in));
    }
}
