package dev.patchkey.service.store.jdbc;

import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.CountsMap;
import dev.patchkey.service.store.LocalView;
import dev.patchkey.service.store.Published;
import dev.patchkey.service.store.Staleness;
import dev.patchkey.service.store.View;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings this pod's view, and the cluster's map where it lacks something, up to what the database says. Announcements may
 * be missed; this may not. The view does not wait for the map, which may be out of reach while the database is not.
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
    private final Staleness staleness;

    /** One comparison at a time; guards nothing else. */
    private final ReentrantLock comparing = new ReentrantLock();

    /** One thread at a time fills the map; guards nothing else. */
    private final ReentrantLock publishing = new ReentrantLock();

    /** Keys that the map may lack the newest state of; at most all there are. */
    private final Set<KeyName> unpublished = ConcurrentHashMap.newKeySet();

    private volatile boolean reloadRequired = true;

    Reconciliation(DataSource dataSource, Durability durability, CountsMap map, LocalView view, Staleness staleness) {
        this.dataSource = dataSource;
        this.durability = durability;
        this.map = map;
        this.view = view;
        this.staleness = staleness;
    }

    /** Has the next comparison find that every state is to be put into the map again, because some may be missing there. */
    void requireReload() {
        reloadRequired = true;
    }

    /** The view then has everything that was committed before the call. What the map lacks is left to {@link #publish}. */
    void compare() throws SQLException {
        comparing.lock();
        try {
            long begun = staleness.begin();
            boolean reload = reloadRequired;
            reloadRequired = false;
            try {
                Version known = view.version();
                if (!durability.read(dataSource, connection -> compare(connection, known, reload))) {
                    NewEpoch.beginIfBehind(dataSource, durability, known);
                    durability.read(dataSource, connection -> compare(connection, known, true));
                }
            } catch (SQLException | RuntimeException e) {
                reloadRequired |= reload;
                throw e;
            }
            staleness.proven(begun);
        } finally {
            comparing.unlock();
        }
    }

    /**
     * Compares with what the connection sees.
     *
     * @param known the view's version before the connection saw anything
     * @return false, with nothing done, if the database lacks what the view has
     */
    private Boolean compare(Connection connection, Version known, boolean reload) throws SQLException {
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
        changed.stream()
                .filter(entry -> reload || newEpoch || isNews(entry))
                .map(View.Entry::key)
                .forEach(unpublished::add);
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

    /** Puts into the map what it lacks, as far as comparisons have found out. */
    void publish() throws SQLException {
        publishing.lock();
        try {
            List<KeyName> keys = List.copyOf(unpublished);
            for (int from = 0; from < keys.size(); from += PAGE) {
                publish(keys.subList(from, Math.min(keys.size(), from + PAGE)));
            }
        } finally {
            publishing.unlock();
        }
    }

    private void publish(List<KeyName> page) throws SQLException {
        // Taken out first: a key that changes meanwhile is put in again.
        page.forEach(unpublished::remove);
        try {
            map.publish(durability.read(dataSource, connection -> states(connection, page)));
        } catch (Throwable e) {
            unpublished.addAll(page);
            throw e;
        }
    }

    private static List<Published> states(Connection connection, List<KeyName> keys) throws SQLException {
        Head head = Head.read(connection);
        return StateTables.read(connection, keys).values().stream()
                .map(row -> new Published(row.state(), head.epoch(), row.batch()))
                .toList();
    }
}
