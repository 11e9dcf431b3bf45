package dev.patchkey.service.store.jdbc;

import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.CountsMap;
import dev.patchkey.service.store.LocalView;
import dev.patchkey.service.store.Published;
import dev.patchkey.service.store.View;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings this pod's view, and the cluster's map where it lacks something, up to what the database says. Events may be
 * missed; this may not.
 *
 * <p>It asks for the keys whose last change is later than the view. Every change up to the head is then known, since a
 * key's row is never deleted and tells of its newest change.
 */
final class Reconciliation {
    private static final Logger log = LoggerFactory.getLogger(Reconciliation.class);

    /** How many states are read and published at a time, so that a start does not hold all keys twice. */
    private static final int PAGE = 500;

    private final DataSource dataSource;
    private final Durability durability;
    private final CountsMap map;
    private final LocalView view;

    /** One at a time; guards nothing else. */
    private final ReentrantLock running = new ReentrantLock();

    private volatile boolean reloadRequired = true;

    Reconciliation(DataSource dataSource, Durability durability, CountsMap map, LocalView view) {
        this.dataSource = dataSource;
        this.durability = durability;
        this.map = map;
        this.view = view;
    }

    /** Has the next run put every state into the map again, because some may be missing there. */
    void requireReload() {
        reloadRequired = true;
    }

    void run() throws SQLException {
        running.lock();
        try {
            boolean reload = reloadRequired;
            reloadRequired = false;
            try {
                Version known = view.version();
                if (!durability.read(dataSource, connection -> reconcile(connection, known, reload))) {
                    NewEpoch.beginIfBehind(dataSource, durability, known);
                    durability.read(dataSource, connection -> reconcile(connection, known, true));
                }
            } catch (SQLException | RuntimeException e) {
                reloadRequired |= reload;
                throw e;
            }
        } finally {
            running.unlock();
        }
    }

    /**
     * Reconciles with what the connection sees.
     *
     * @param known the view's version before the connection saw anything
     * @return false, with nothing done, if the database lacks what the view has
     */
    private Boolean reconcile(Connection connection, Version known, boolean reload) throws SQLException {
        Head head = Head.read(connection);
        if (head.isBehind(known)) {
            return false;
        }
        boolean newEpoch = head.epoch() > known.epoch();
        if (!reload && head.version().equals(known)) {
            return true;
        }
        List<View.Entry> changed = Sql.query(
                connection,
                "SELECT key_name, ref_count, revision FROM feature_keys WHERE revision > ? ORDER BY revision",
                row -> new View.Entry(
                        new KeyName(row.getString("key_name")),
                        row.getInt("ref_count"),
                        new Version(head.epoch(), row.getLong("revision"))),
                reload || newEpoch ? 0L : known.revision());
        publish(
                connection,
                head,
                reload || newEpoch
                        ? changed
                        : changed.stream().filter(this::isNews).toList());
        if (newEpoch) {
            view.replace(head.version(), changed);
            log.info(
                    "The view is filled: epoch {}, revision {}, {} keys",
                    head.epoch(),
                    head.revision(),
                    changed.size());
        } else {
            view.advance(known, head.version(), changed);
        }
        return true;
    }

    private boolean isNews(View.Entry entry) {
        View.Entry known = view.get(entry.key());
        return known == null || !known.version().isAtLeast(entry.version());
    }

    private void publish(Connection connection, Head head, List<View.Entry> entries) throws SQLException {
        for (int from = 0; from < entries.size(); from += PAGE) {
            List<KeyName> page = entries.subList(from, Math.min(entries.size(), from + PAGE)).stream()
                    .map(View.Entry::key)
                    .toList();
            List<Published> states = new ArrayList<>();
            for (Map.Entry<KeyName, StateTables.Row> row :
                    StateTables.read(connection, page).entrySet()) {
                states.add(new Published(
                        row.getValue().state(), head.epoch(), row.getValue().batch()));
            }
            map.publish(states);
        }
    }
}
