package dev.patchkey.statickey;

import dev.patchkey.statickey.mirror.Mirror;
import dev.patchkey.statickey.mirror.MirroredState;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** The mirror of a registry. */
final class RegistryMirror implements Mirror {

    private final Registry registry;
    private final ConcurrentMap<String, Entry> entries;
    private final AtomicBoolean closed = new AtomicBoolean();

    RegistryMirror(Registry registry) {
        this.registry = registry;
        this.entries = registry.entries();
    }

    @Override
    public boolean apply(String key, int count, long epoch, long revision) {
        requireUsable("apply to key", key);
        MirroredState pair = MirroredState.applied(count, epoch, revision);
        while (true) { // ends: each turn, the key has been declared, forgotten or applied to by another thread
            Entry entry = entries.get(key);
            if (entry instanceof KeyCore core) {
                switch (core.apply(pair)) {
                    case NEWER -> {
                        return true;
                    }
                    case NOT_NEWER -> {
                        return false;
                    }
                    case RETIRED -> entries.remove(key, core);
                }
            } else if (entry instanceof Undeclared known) {
                if (entries.replace(key, known, known.apply(pair))) {
                    return pair.compareVersion(known.mirrored()) > 0;
                }
            } else if (entries.putIfAbsent(key, new Undeclared(pair)) == null) {
                return true;
            }
        }
    }

    @Override
    public void stale(String key) {
        requireUsable("make stale key", key);
        while (true) { // ends: each turn, the key has been declared or applied to by another thread
            Entry entry = entries.get(key);
            if (entry instanceof KeyCore core) {
                core.stale();
                return;
            }
            if (!(entry instanceof Undeclared known) || entries.replace(key, known, known.stale(true))) {
                return;
            }
        }
    }

    @Override
    public @Nullable MirroredState state(String key) {
        Entry entry = entries.get(KeyName.requireValid(key));
        return entry == null ? null : entry.mirrored();
    }

    @Override
    public boolean isLocal(String key) {
        return entries.get(KeyName.requireValid(key)) instanceof KeyCore core && core.mode() == Mode.LOCAL;
    }

    @Override
    public Set<String> known() {
        Set<String> known = new TreeSet<>();
        entries.forEach((name, entry) -> {
            if (entry.mirrored() != null) {
                known.add(name);
            }
        });
        return known;
    }

    @Override
    public Map<String, Integer> declared() {
        Map<String, Integer> declared = new HashMap<>();
        entries.forEach((name, entry) -> {
            int callSites = callSitesOf(entry);
            if (callSites > 0) {
                declared.put(name, callSites);
            }
        });
        return declared;
    }

    @Override
    public int callSites(String key) {
        return callSitesOf(entries.get(KeyName.requireValid(key)));
    }

    private static int callSitesOf(@Nullable Entry entry) {
        FoldedKey key = entry instanceof KeyCore core && core.mode() != Mode.LOCAL ? core.key() : null;
        return key == null ? 0 : 1 + key.attachments().staticCalls().get();
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            registry.detach();
        }
    }

    private void requireUsable(String operation, String key) {
        Preparing.refuse(operation, KeyName.requireValid(key));
        if (closed.get()) {
            throw new IllegalStateException("the mirror is closed: it can no longer " + operation + " '" + key + "'");
        }
    }
}
