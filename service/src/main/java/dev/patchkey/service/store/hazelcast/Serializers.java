package dev.patchkey.service.store.hazelcast;

import com.hazelcast.config.SerializationConfig;
import com.hazelcast.config.SerializerConfig;
import com.hazelcast.nio.ObjectDataInput;
import com.hazelcast.nio.ObjectDataOutput;
import com.hazelcast.nio.serialization.StreamSerializer;
import dev.patchkey.service.refcount.Holder;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.KeyState;
import dev.patchkey.service.store.CommitterRoute.Answer;
import dev.patchkey.service.store.CountsMap;
import dev.patchkey.service.store.Incarnations.Numbered;
import dev.patchkey.service.store.NodeLives;
import dev.patchkey.service.store.PodRegistry;
import dev.patchkey.service.store.Published;
import dev.patchkey.service.store.View;
import java.io.IOException;
import java.time.Duration;

/**
 * A serializer for each type that travels between pods. A type's number is its name on the wire: it never changes its
 * meaning.
 */
final class Serializers {

    private Serializers() {}

    static void addTo(SerializationConfig config) {
        add(config, 1, Published.class, Serializers::writePublished, Serializers::readPublished);
        add(
                config,
                2,
                PublishIfNewer.class,
                (out, processor) -> Codec.writeList(out, processor.states().values(), Serializers::writePublished),
                in -> PublishIfNewer.of(Codec.readList(in, Serializers::readPublished)));
        add(
                config,
                3,
                ForwardedBatch.class,
                (out, batch) -> Codec.writeList(out, batch.commands(), Codec::writeCommand),
                in -> new ForwardedBatch(Codec.readList(in, Codec::readCommand)));
        add(
                config,
                4,
                ForwardedBatch.Answers.class,
                (out, answers) -> Codec.writeList(out, answers.answers(), Serializers::writeAnswer),
                in -> new ForwardedBatch.Answers(Codec.readList(in, Serializers::readAnswer)));
        add(config, 5, KeyState.class, Codec::writeState, Codec::readState);
        add(config, 6, KeyEntry.class, KeyEntry::write, KeyEntry::read);
        add(config, 7, DecideBatch.class, DecideBatch::write, DecideBatch::read);
        add(
                config,
                8,
                DecideBatch.Backup.class,
                (out, backup) -> KeyEntry.write(out, backup.entry()),
                in -> new DecideBatch.Backup(KeyEntry.read(in)));
        add(config, 9, DecideBatch.Reply.class, DecideBatch.Reply::write, DecideBatch.Reply::read);
        add(config, 10, ReadState.class, (out, read) -> {}, in -> new ReadState());
        add(config, 11, Queries.CountOf.class, (out, projection) -> {}, in -> new Queries.CountOf());
        add(config, 12, Queries.Count.class, Queries.Count::write, Queries.Count::read);
        add(config, 13, Queries.StateOf.class, (out, projection) -> {}, in -> new Queries.StateOf());
        add(
                config,
                14,
                Queries.HeldBy.class,
                (out, query) -> out.writeString(query.holder().value()),
                in -> new Queries.HeldBy(new Holder(Codec.readText(in))));
        add(
                config,
                15,
                Queries.Overdue.class,
                (out, query) -> Codec.writeInstant(out, query.now()),
                in -> new Queries.Overdue(Codec.readInstant(in)));
        add(
                config,
                16,
                NextEpoch.class,
                (out, next) -> {
                    out.writeLong(next.seen());
                    out.writeLong(next.time());
                },
                in -> new NextEpoch(in.readLong(), in.readLong()));
        // 17 was a ShowIncarnation that knew of nothing forgotten.
        add(config, 18, NodeLives.class, Serializers::writeLives, Serializers::readLives);
        add(config, 19, Numbered.Current.class, Serializers::writeCurrent, Serializers::readCurrent);
        add(
                config,
                20,
                Numbered.Refused.class,
                (out, refused) -> out.writeString(refused.detail()),
                in -> new Numbered.Refused(Codec.readText(in)));
        add(config, 21, PodRegistry.Row.class, Serializers::writePod, Serializers::readPod);
        add(config, 22, PutPod.class, (out, put) -> writePod(out, put.row()), in -> new PutPod(readPod(in)));
        add(config, 23, CountsMap.Advance.class, Serializers::writeAdvance, Serializers::readAdvance);
        add(
                config,
                24,
                AtCommitter.class,
                (out, key) -> out.writeString(key.name()),
                in -> new AtCommitter(Codec.readText(in)));
        add(
                config,
                25,
                ShowIncarnation.class,
                (out, show) -> {
                    out.writeString(show.principal());
                    out.writeString(show.incarnation());
                    out.writeLong(show.forgotten());
                },
                in -> new ShowIncarnation(Codec.readText(in), Codec.readText(in), in.readLong()));
    }

    private static <T> void add(
            SerializationConfig config, int typeId, Class<T> type, Codec.Writer<T> writer, Codec.Reader<T> reader) {
        config.addSerializerConfig(
                new SerializerConfig().setTypeClass(type).setImplementation(new StreamSerializer<T>() {
                    @Override
                    public void write(ObjectDataOutput out, T value) throws IOException {
                        writer.write(out, value);
                    }

                    @Override
                    public T read(ObjectDataInput in) throws IOException {
                        return reader.read(in);
                    }

                    @Override
                    public int getTypeId() {
                        return typeId;
                    }
                }));
    }

    private static void writePublished(ObjectDataOutput out, Published published) throws IOException {
        Codec.writeState(out, published.state());
        out.writeLong(published.epoch());
        out.writeLong(published.written());
    }

    private static Published readPublished(ObjectDataInput in) throws IOException {
        return new Published(Codec.readState(in), in.readLong(), in.readLong());
    }

    private static void writeAdvance(ObjectDataOutput out, CountsMap.Advance advance) throws IOException {
        Codec.writeVersion(out, advance.from());
        Codec.writeVersion(out, advance.to());
        Codec.writeList(out, advance.changed(), Serializers::writeEntry);
    }

    private static CountsMap.Advance readAdvance(ObjectDataInput in) throws IOException {
        return new CountsMap.Advance(
                Codec.readVersion(in), Codec.readVersion(in), Codec.readList(in, Serializers::readEntry));
    }

    private static void writeEntry(ObjectDataOutput out, View.Entry entry) throws IOException {
        out.writeString(entry.key().value());
        out.writeInt(entry.count());
        Codec.writeVersion(out, entry.version());
    }

    private static View.Entry readEntry(ObjectDataInput in) throws IOException {
        return new View.Entry(new KeyName(Codec.readText(in)), in.readInt(), Codec.readVersion(in));
    }

    private static void writeAnswer(ObjectDataOutput out, Answer answer) throws IOException {
        switch (answer) {
            case Answer.Decided decided -> {
                out.writeByte('d');
                Codec.writeOutcome(out, decided.outcome());
            }
            case Answer.Unavailable unavailable -> {
                out.writeByte('n');
                out.writeString(unavailable.message());
            }
            case Answer.Unknown unknown -> {
                out.writeByte('u');
                out.writeString(unknown.message());
            }
        }
    }

    private static Answer readAnswer(ObjectDataInput in) throws IOException {
        char kind = (char) in.readByte();
        return switch (kind) {
            case 'd' -> new Answer.Decided(Codec.readOutcome(in));
            case 'n' -> new Answer.Unavailable(Codec.readText(in));
            case 'u' -> new Answer.Unknown(Codec.readText(in));
            default -> throw new IOException("No answer is written as " + kind);
        };
    }

    private static void writeLives(ObjectDataOutput out, NodeLives lives) throws IOException {
        out.writeString(lives.principal());
        out.writeLong(lives.number());
        Codec.writeList(out, lives.lives(), ObjectDataOutput::writeString);
    }

    private static NodeLives readLives(ObjectDataInput in) throws IOException {
        return new NodeLives(Codec.readText(in), in.readLong(), Codec.readList(in, Codec::readText));
    }

    private static void writePod(ObjectDataOutput out, PodRegistry.Row row) throws IOException {
        out.writeString(row.id());
        out.writeString(row.name());
        out.writeString(row.cluster());
        out.writeLong(row.podLease().toMillis());
        out.writeLong(row.nodeLease().toMillis());
        out.writeString(row.phase().name());
        out.writeLong(row.renewals());
    }

    private static PodRegistry.Row readPod(ObjectDataInput in) throws IOException {
        return new PodRegistry.Row(
                Codec.readText(in),
                Codec.readText(in),
                Codec.readText(in),
                Duration.ofMillis(in.readLong()),
                Duration.ofMillis(in.readLong()),
                PodRegistry.Phase.of(Codec.readText(in)),
                in.readLong());
    }

    private static void writeCurrent(ObjectDataOutput out, Numbered.Current current) throws IOException {
        out.writeLong(current.number());
        out.writeBoolean(current.isNew());
    }

    private static Numbered.Current readCurrent(ObjectDataInput in) throws IOException {
        return new Numbered.Current(in.readLong(), in.readBoolean());
    }
}
