package dev.patchkey.service.store.jdbc;

import dev.patchkey.service.refcount.Hold;
import dev.patchkey.service.refcount.Holder;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.KeyState;
import dev.patchkey.service.refcount.LastChange;
import dev.patchkey.service.refcount.NodeStamp;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The tables of the keys, their holds and the holds that have ended. */
final class StateTables {

    private static final List<String> KEY_AND_HOLDER = List.of("key_name", "holder");

    private StateTables() {}

    /**
     * A state as it lies in the tables.
     *
     * @param state the key
     * @param batch that wrote it; 0 if the key has no row
     */
    record Row(KeyState state, long batch) {
        static Row absent(KeyName key) {
            return new Row(KeyState.absent(key), 0);
        }

        boolean exists() {
            return batch > 0;
        }
    }

    /** What a batch has made of one key; {@code holders} are those that its commands named. */
    record Edit(Row before, KeyState after, Set<Holder> holders) {}

    private record HoldRow(KeyName key, Hold hold) {}

    private record EndedRow(KeyName key, Holder holder, KeyState.@Nullable Ended ended) {}

    private record Gone(KeyName key, Holder holder) {}

    /** Reads the states of these keys, in one transaction's view; keys without a row are left out. */
    static Map<KeyName, Row> read(Connection connection, Collection<KeyName> keys) throws SQLException {
        List<String> names = keys.stream().map(KeyName::value).toList();
        Map<KeyName, Map<Holder, Hold>> holds = new HashMap<>();
        for (HoldRow row :
                Sql.queryIn(connection, "SELECT * FROM holds WHERE key_name IN (?)", StateTables::holdRow, names)) {
            holds.computeIfAbsent(row.key(), key -> new HashMap<>())
                    .put(row.hold().holder(), row.hold());
        }
        Map<KeyName, Map<Holder, KeyState.Ended>> ended = new HashMap<>();
        for (EndedRow row : Sql.queryIn(
                connection, "SELECT * FROM ended_holds WHERE key_name IN (?)", StateTables::endedRow, names)) {
            ended.computeIfAbsent(row.key(), key -> new HashMap<>())
                    .put(row.holder(), Objects.requireNonNull(row.ended()));
        }
        Map<KeyName, Row> states = new HashMap<>();
        Sql.queryIn(
                connection,
                "SELECT * FROM feature_keys WHERE key_name IN (?)",
                row -> {
                    KeyName key = new KeyName(row.getString("key_name"));
                    KeyState state = new KeyState(
                            key,
                            row.getInt("bare"),
                            Collections.unmodifiableMap(holds.getOrDefault(key, Map.of())),
                            Collections.unmodifiableMap(ended.getOrDefault(key, Map.of())),
                            row.getLong("revision"),
                            lastChange(row),
                            row.getBoolean("deleted"));
                    return states.put(key, new Row(state, row.getLong("batch")));
                },
                names);
        return states;
    }

    private static @Nullable LastChange lastChange(ResultSet row) throws SQLException {
        String actor = row.getString("actor");
        Instant at = Sql.getInstant(row, "changed_at");
        return actor == null || at == null ? null : new LastChange(actor, at, row.getString("reason"));
    }

    private static HoldRow holdRow(ResultSet row) throws SQLException {
        Long lease = Sql.getLong(row, "lease_nanos");
        Long incarnation = Sql.getLong(row, "incarnation");
        return new HoldRow(
                new KeyName(row.getString("key_name")),
                new Hold(
                        new Holder(row.getString("holder")),
                        row.getString("reason"),
                        Sql.requireInstant(row, "since"),
                        lease == null ? null : Duration.ofNanos(lease),
                        Sql.getInstant(row, "deadline"),
                        incarnation == null
                                ? null
                                : new NodeStamp(incarnation, row.getLong("operation"), row.getString("session_id"))));
    }

    private static EndedRow endedRow(ResultSet row) throws SQLException {
        return new EndedRow(
                new KeyName(row.getString("key_name")),
                new Holder(row.getString("holder")),
                new KeyState.Ended(
                        new NodeStamp(
                                row.getLong("incarnation"), row.getLong("operation"), row.getString("session_id")),
                        Sql.requireInstant(row, "ended_at")));
    }

    /** Writes what has changed of these keys. */
    static void write(Writes writes, Collection<Edit> edits, long batch) {
        List<KeyState> newKeys = new ArrayList<>();
        List<KeyState> oldKeys = new ArrayList<>();
        List<HoldRow> newHolds = new ArrayList<>();
        List<HoldRow> renewed = new ArrayList<>();
        List<Gone> released = new ArrayList<>();
        List<EndedRow> forgotten = new ArrayList<>();
        List<EndedRow> ended = new ArrayList<>();
        for (Edit edit : edits) {
            KeyState before = edit.before().state();
            KeyState after = edit.after();
            (edit.before().exists() ? oldKeys : newKeys).add(after);
            for (Holder holder : edit.holders()) {
                Hold was = before.holds().get(holder);
                Hold is = after.holds().get(holder);
                if (is == null && was != null) {
                    released.add(new Gone(after.key(), holder));
                } else if (is != null && !is.equals(was)) {
                    (was == null ? newHolds : renewed).add(new HoldRow(after.key(), is));
                }
                KeyState.Ended end = after.ended().get(holder);
                if (end != null && !end.equals(before.ended().get(holder))) {
                    ended.add(new EndedRow(after.key(), holder, end));
                }
            }
            before.ended().forEach((holder, end) -> {
                if (!end.equals(after.ended().get(holder))) {
                    forgotten.add(new EndedRow(after.key(), holder, null));
                }
            });
        }
        writeKeys(writes, newKeys, oldKeys, batch);
        writeHolds(writes, newHolds, renewed, released);
        writeEnded(writes, forgotten, ended);
    }

    private static void writeKeys(Writes writes, List<KeyState> newKeys, List<KeyState> oldKeys, long batch) {
        List<String> values =
                List.of("bare", "ref_count", "revision", "batch", "deleted", "actor", "changed_at", "reason");
        List<String> all = Stream.concat(values.stream(), Stream.of("key_name")).toList();
        writes.insert(
                "feature_keys",
                all,
                newKeys.stream().map(state -> row(state, batch)).toList());
        writes.update(
                "feature_keys",
                values,
                List.of("key_name"),
                oldKeys.stream().map(state -> row(state, batch)).toList());
    }

    private static @Nullable Object[] row(KeyState state, long batch) {
        LastChange last = state.last();
        return new @Nullable Object[] {
            state.bare(),
            state.count(),
            state.revision(),
            batch,
            state.deleted(),
            last == null ? null : last.actor(),
            last == null ? null : last.at(),
            last == null ? null : last.reason(),
            state.key().value()
        };
    }

    private static void writeHolds(Writes writes, List<HoldRow> newHolds, List<HoldRow> renewed, List<Gone> released) {
        List<String> values =
                List.of("reason", "since", "lease_nanos", "deadline", "incarnation", "operation", "session_id");
        List<String> all =
                Stream.concat(values.stream(), KEY_AND_HOLDER.stream()).toList();
        writes.delete(
                "holds",
                KEY_AND_HOLDER,
                released.stream().map(gone -> row(gone.key(), gone.holder())).toList());
        writes.insert("holds", all, newHolds.stream().map(StateTables::row).toList());
        writes.update(
                "holds",
                values,
                KEY_AND_HOLDER,
                renewed.stream().map(StateTables::row).toList());
    }

    private static @Nullable Object[] row(KeyName key, Holder holder) {
        return new @Nullable Object[] {key.value(), holder.value()};
    }

    private static @Nullable Object[] row(HoldRow row) {
        Hold hold = row.hold();
        Duration lease = hold.lease();
        NodeStamp node = hold.node();
        return new @Nullable Object[] {
            hold.reason(),
            hold.since(),
            lease == null ? null : (Long) lease.toNanos(),
            hold.deadline(),
            node == null ? null : (Long) node.incarnation(),
            node == null ? null : (Long) node.operation(),
            node == null ? null : node.session(),
            row.key().value(),
            hold.holder().value()
        };
    }

    private static void writeEnded(Writes writes, List<EndedRow> forgotten, List<EndedRow> ended) {
        // First the old ones, those to be replaced included, so that what follows are inserts alone.
        writes.delete(
                "ended_holds",
                KEY_AND_HOLDER,
                forgotten.stream().map(row -> row(row.key(), row.holder())).toList());
        writes.insert(
                "ended_holds",
                List.of("key_name", "holder", "incarnation", "operation", "session_id", "ended_at"),
                ended.stream().map(StateTables::row).toList());
    }

    private static @Nullable Object[] row(EndedRow row) {
        KeyState.Ended end = Objects.requireNonNull(row.ended());
        return new @Nullable Object[] {
            row.key().value(),
            row.holder().value(),
            end.by().incarnation(),
            end.by().operation(),
            end.by().session(),
            end.at()
        };
    }
}
