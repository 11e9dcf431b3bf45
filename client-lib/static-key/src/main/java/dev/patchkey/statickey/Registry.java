package dev.patchkey.statickey;

import dev.patchkey.statickey.mirror.Mirror;
import dev.patchkey.statickey.mirror.MirrorAccess;
import dev.patchkey.statickey.mirror.MirroredState;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The keys of one load of the library, by name.
 *
 * <p>An entry goes from {@link Undeclared} to a {@link KeyCore} in one atomic step, so that {@link #of} and an apply
 * meet in it: the one that comes second sees what the first has done. An apply that loses the race for an undeclared
 * entry finds the core and rebinds it; a core made from an undeclared entry starts with the count in it.
 *
 * <p>Key objects are referred to weakly, since their preparations refer to classes of the application. Cores refer to
 * nothing of it, and are kept once they have a version or a positive count; a name that is local, disabled and without
 * a key object is forgotten, though not before a deferred disable of it has ended.
 *
 * <p>Lock order: a core's lock is tried, never waited for, while an entry is computed; nothing is computed under it.
 */
final class Registry {

    static final Registry GLOBAL = new Registry(Site.Factory.ofThisRuntime());

    static {
        MirrorAccess.install(new Access());
    }

    /**
     * How many collected keys a call of {@link #of} looks after: more than one, so that names made without end are
     * forgotten faster than they come, and few, so that the call stays short.
     */
    private static final int FORGET_AT_MOST = 4;

    private final ConcurrentMap<String, Entry> entries = new ConcurrentHashMap<>();
    private final ReferenceQueue<FoldedKey> collected = new ReferenceQueue<>();

    /**
     * Collected keys whose cores were busy when they were looked after. At most one of a core stays; one whose key was
     * made again since is dropped when its turn comes, and turns come faster than keys are made.
     */
    private final Queue<Collectable> busy = new ConcurrentLinkedQueue<>();

    private final AtomicBoolean attached = new AtomicBoolean();
    private final Site.Factory sites;

    Registry(Site.Factory sites) {
        this.sites = sites;
    }

    ConcurrentMap<String, Entry> entries() {
        return entries;
    }

    Queue<?> busy() {
        return busy;
    }

    /** As {@link StaticKey#of}. */
    FoldedKey of(String name) {
        Preparing.refuse("make key", KeyName.requireValid(name));
        forgetCollected();
        FoldedKey key = entries.get(name) instanceof KeyCore core ? core.key() : null;
        return key != null ? key : declare(name);
    }

    /** As {@link StaticKey#detached}. */
    static FoldedKey detached(String name) {
        Preparing.refuse("make key", KeyName.requireValid(name));
        KeyCore core = new KeyCore(name, Site.Factory.ofThisRuntime(), null);
        FoldedKey key = keyOf(core);
        core.key(new WeakReference<>(key));
        return key;
    }

    /** As {@link Mirror#attach()}. */
    Mirror attach() {
        Preparing.refuse("attach", "the mirror");
        if (!attached.compareAndSet(false, true)) {
            throw new IllegalStateException(
                    "a mirror is attached already: a load of the library has one; close it, or share it");
        }
        return new RegistryMirror(this);
    }

    void detach() {
        attached.set(false);
    }

    private FoldedKey declare(String name) {
        FoldedKey[] declared = new FoldedKey[1]; // refers to the key until it is returned
        entries.compute(name, (same, entry) -> {
            KeyCore core = entry instanceof KeyCore known ? known : new KeyCore(name, sites, mirroredOf(entry));
            declared[0] = keyOrNew(core);
            return core;
        });
        return declared[0];
    }

    private static @Nullable MirroredState mirroredOf(@Nullable Entry entry) {
        return entry == null ? null : entry.mirrored();
    }

    private FoldedKey keyOrNew(KeyCore core) {
        FoldedKey key = core.key();
        if (key == null) {
            key = keyOf(core);
            core.key(new Collectable(key, collected));
        }
        return key;
    }

    private static FoldedKey keyOf(KeyCore core) {
        return new FoldedKey(core.name(), core.site(), core, new Attachments());
    }

    private void forgetCollected() {
        for (int i = 0; i < FORGET_AT_MOST; i++) {
            Collectable key = collected.poll() instanceof Collectable young ? young : busy.poll();
            if (key == null) {
                return;
            }
            entries.computeIfPresent(
                    key.name, (same, entry) -> entry instanceof KeyCore core ? retire(core, key) : entry);
        }
    }

    /** What is to become of the core's entry: null if the core is retired. Leaves a core whose key was made again. */
    private @Nullable KeyCore retire(KeyCore core, Collectable key) {
        if (core.reference() != key) {
            return core; // the newer key's reference will come in its turn
        }
        KeyCore.Retirement retirement = core.retire();
        if (retirement == KeyCore.Retirement.BUSY) {
            busy.add(key);
        }
        return retirement == KeyCore.Retirement.RETIRED ? null : core;
    }

    /** A weak reference that knows the name of the key it referred to. */
    private static final class Collectable extends WeakReference<FoldedKey> {

        private final String name;

        Collectable(FoldedKey key, ReferenceQueue<FoldedKey> collected) {
            super(key, collected);
            this.name = key.name();
        }
    }

    private static final class Access extends MirrorAccess {

        @Override
        protected Mirror attach() {
            return GLOBAL.attach();
        }

        @Override
        protected void refuseInsidePreparation(String operation, String key) {
            Preparing.refuse(operation, key);
        }
    }
}
