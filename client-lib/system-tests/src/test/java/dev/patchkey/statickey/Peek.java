package dev.patchkey.statickey;

import dev.patchkey.statickey.mirror.MirroredState;
import org.jspecify.annotations.Nullable;

/** Reads what is mirrored of a key without attaching a mirror, of which a node has one already. */
public final class Peek {

    private Peek() {}

    /** What is mirrored of the key; null if nothing. */
    public static @Nullable MirroredState mirrored(String key) {
        Entry entry = Registry.GLOBAL.entries().get(key);
        return entry == null ? null : entry.mirrored();
    }
}
