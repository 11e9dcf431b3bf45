package dev.patchkey.service.store.jdbc;

import dev.patchkey.service.refcount.Hold;
import dev.patchkey.service.refcount.Holder;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.KeyState;
import dev.patchkey.service.refcount.LastChange;
import dev.patchkey.service.refcount.NodeStamp;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
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
import org.jspecify.annotations.Nullable;

/** The tables of the keys, their holds and the holds that have ended. */
final class StateTables {

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
    static void write(Connection connection, Collection<Edit> edits, long batch) throws SQLException {
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
        writeKeys(connection, newKeys, oldKeys, batch);
        writeHolds(connection, newHolds, renewed, released);
        writeEnded(connection, forgotten, ended);
    }

    private static void writeKeys(Connection connection, List<KeyState> newKeys, List<KeyState> oldKeys, long batch)
            throws SQLException {
        Sql.Binder<KeyState> binder = (statement, state) -> {
            LastChange last = state.last();
            statement.setInt(1, state.bare());
            statement.setInt(2, state.count());
            statement.setLong(3, state.revision());
            statement.setLong(4, batch);
            statement.setBoolean(5, state.deleted());
            statement.setString(6, last == null ? null : last.actor());
            Sql.setInstant(statement, 7, last == null ? null : last.at());
            statement.setString(8, last == null ? null : last.reason());
            statement.setString(9, state.key().value());
        };
        Sql.batch(
                connection,
                "INSERT INTO feature_keys (bare, ref_count, revision, batch, deleted, actor, changed_at, reason, key_name)"
                        + " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                newKeys,
                binder);
        Sql.batch(
                connection,
                "UPDATE feature_keys SET bare = ?, ref_count = ?, revision = ?, batch = ?, deleted = ?, actor = ?,"
                        + " changed_at = ?, reason = ? WHERE key_name = ?",
                oldKeys,
                binder);
    }

    private static void writeHolds(
            Connection connection, List<HoldRow> newHolds, List<HoldRow> renewed, List<Gone> released)
            throws SQLException {
        Sql.batch(connection, "DELETE FROM holds WHERE key_name = ? AND holder = ?", released, (statement, gone) -> {
            statement.setString(1, gone.key().value());
            statement.setString(2, gone.holder().value());
        });
        Sql.batch(
                connection,
                "INSERT INTO holds (reason, since, lease_nanos, deadline, incarnation, operation, session_id, key_name,"
                        + " holder) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                newHolds,
                StateTables::bindHold);
        Sql.batch(
                connection,
                "UPDATE holds SET reason = ?, since = ?, lease_nanos = ?, deadline = ?, incarnation = ?, operation = ?,"
                        + " session_id = ? WHERE key_name = ? AND holder = ?",
                renewed,
                StateTables::bindHold);
    }

    private static void bindHold(PreparedStatement statement, HoldRow row) throws SQLException {
        Hold hold = row.hold();
        NodeStamp node = hold.node();
        statement.setString(1, hold.reason());
        Sql.setInstant(statement, 2, hold.since());
        Sql.setLong(
                statement, 3, hold.lease() == null ? null : (Long) hold.lease().toNanos());
        Sql.setInstant(statement, 4, hold.deadline());
        Sql.setLong(statement, 5, node == null ? null : (Long) node.incarnation());
        Sql.setLong(statement, 6, node == null ? null : (Long) node.operation());
        statement.setObject(7, node == null ? null : node.session(), Types.VARCHAR);
        statement.setString(8, row.key().value());
        statement.setString(9, hold.holder().value());
    }

    private static void writeEnded(Connection connection, List<EndedRow> forgotten, List<EndedRow> ended)
            throws SQLException {
        // First the old ones, those to be replaced included, so that what follows are inserts alone.
        Sql.batch(
                connection,
                "DELETE FROM ended_holds WHERE key_name = ? AND holder = ?",
                forgotten,
                (statement, row) -> {
                    statement.setString(1, row.key().value());
                    statement.setString(2, row.holder().value());
                });
        Sql.batch(
                connection,
                "INSERT INTO ended_holds (key_name, holder, incarnation, operation, session_id, ended_at)"
                        + " VALUES (?, ?, ?, ?, ?, ?)",
                ended,
                (statement, row) -> {
                    KeyState.Ended end = Objects.requireNonNull(row.ended());
                    statement.setString(1, row.key().value());
                    statement.setString(2, row.holder().value());
                    statement.setLong(3, end.by().incarnation());
                    statement.setLong(4, end.by().operation());
                    statement.setString(5, end.by().session());
                    Sql.setInstant(statement, 6, end.at());
                });
    }
}
