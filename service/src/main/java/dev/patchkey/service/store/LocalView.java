package dev.patchkey.service.store;

import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Version;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.NavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The view of this pod. It is fed from three sides, in no common order: by the committer, by what is heard from other pods,
 * which are hints, and by reconciliation, which is the truth. Whichever comes late is told from what is newer by its version.
 *
 * <p>Where revisions are global, an event says nothing of other keys, so the view's own version moves only with a source
 * that knows all changes up to it ({@link #advance}). Where each key counts its own, it is the highest revision seen.
 *
 * <p>A newer epoch is taken from {@link #replace} alone: taken from an event, all other keys would seem to be at 0 until
 * they are known.
 */
public final class LocalView implements View {
    private static final Logger log = LoggerFactory.getLogger(LocalView.class);

    private final boolean orderedAcrossKeys;
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();

    /** Held for every write and its telling, so that listeners hear the changes of a key in their order. */
    private final ReentrantLock feeding = new ReentrantLock();

    /** Written under {@link #feeding}; read by anyone. */
    private volatile NavigableMap<KeyName, Entry> entries = new ConcurrentSkipListMap<>();

    /** Written under {@link #feeding}; epoch 0 until the view is first filled. */
    private volatile Version version = new Version(0, 0);

    public LocalView(boolean orderedAcrossKeys) {
        this.orderedAcrossKeys = orderedAcrossKeys;
    }

    /**
     * Takes the entry if it is newer than what the view has.
     *
     * @return false if the entry is of a newer epoch than the view, which must then be {@linkplain #replace replaced}
     */
    public boolean offer(Entry entry) {
        feeding.lock();
        try {
            if (entry.version().epoch() != version.epoch()) {
                return entry.version().epoch() < version.epoch();
            }
            take(entry);
            return true;
        } finally {
            feeding.unlock();
        }
    }

    /**
     * Takes all changes after one version up to another. If the view has all changes up to {@code from}, it then has all
     * up to {@code to}.
     *
     * @param changed the newest entry of each key that changed in between
     * @return whether the view has all changes up to {@code to}
     */
    public boolean advance(Version from, Version to, Collection<Entry> changed) {
        feeding.lock();
        try {
            if (to.epoch() != version.epoch()) {
                return to.epoch() < version.epoch();
            }
            changed.forEach(this::take);
            if (version.isAtLeast(from) && !version.isAtLeast(to)) {
                version = to;
            }
            return version.isAtLeast(to);
        } finally {
            feeding.unlock();
        }
    }

    /** Replaces everything, if the version is of a newer epoch. */
    public void replace(Version newer, Collection<Entry> all) {
        feeding.lock();
        try {
            if (newer.epoch() <= version.epoch()) {
                return;
            }
            NavigableMap<KeyName, Entry> fresh = new ConcurrentSkipListMap<>();
            all.forEach(entry -> fresh.put(entry.key(), entry));
            entries = fresh;
            version = newer;
            tell(listener -> listener.replaced(newer));
        } finally {
            feeding.unlock();
        }
    }

    private void take(Entry entry) {
        Entry known = entries.get(entry.key());
        if (known != null && known.version().isAtLeast(entry.version())) {
            return;
        }
        entries.put(entry.key(), entry);
        if (!orderedAcrossKeys && !version.isAtLeast(entry.version())) {
            version = entry.version();
        }
        tell(listener -> listener.changed(entry, known));
    }

    private void tell(java.util.function.Consumer<Listener> news) {
        for (Listener listener : listeners) {
            try {
                news.accept(listener);
            } catch (Throwable e) {
                // One listener's mistake must not keep the others, or the store, from the change.
                log.error("A listener of the view failed", e);
            }
        }
    }

    @Override
    public Subscription subscribe(Listener listener) {
        feeding.lock();
        try {
            listeners.add(listener);
        } finally {
            feeding.unlock();
        }
        return () -> listeners.remove(listener);
    }

    @Override
    public Snapshot snapshot() {
        feeding.lock();
        try {
            return new Snapshot(version, List.copyOf(entries.values()));
        } finally {
            feeding.unlock();
        }
    }

    @Override
    public @Nullable Entry get(KeyName key) {
        return entries.get(key);
    }

    @Override
    public Version version() {
        return version;
    }

    @Override
    public boolean isOrderedAcrossKeys() {
        return orderedAcrossKeys;
    }

    /** How many keys the view has, deleted ones included. */
    public int size() {
        return entries.size();
    }

    /**
     * Names that the view has, in their order.
     *
     * @param prefix only names that start with it
     * @param after only names after this one, or null to begin
     * @param limit the most to return
     */
    public List<KeyName> names(String prefix, @Nullable KeyName after, int limit) {
        List<KeyName> names = new ArrayList<>();
        NavigableMap<KeyName, Entry> all = entries;
        NavigableMap<KeyName, Entry> rest = all;
        if (after != null && after.value().compareTo(prefix) >= 0) {
            rest = all.tailMap(after, false);
        } else if (KeyName.isValid(prefix)) {
            rest = all.tailMap(new KeyName(prefix), true);
        }
        for (KeyName name : rest.keySet()) {
            if (names.size() == limit || !name.value().startsWith(prefix)) {
                break;
            }
            names.add(name);
        }
        return names;
    }
}
