package dev.patchkey.statickey;

import dev.patchkey.statickey.mirror.MirroredState;

/** A name that has a version and that nobody has asked for yet: there is nothing to rebind. */
record Undeclared(MirroredState mirrored) implements Entry {

    /** The entry after a pair was applied; this one if nothing changes. */
    Undeclared apply(MirroredState newer) {
        int byVersion = newer.compareVersion(mirrored);
        if (byVersion > 0) {
            return new Undeclared(newer);
        }
        return byVersion == 0 ? stale(false) : this;
    }

    Undeclared stale(boolean stale) {
        return mirrored.stale() == stale ? this : new Undeclared(mirrored.withStale(stale));
    }
}
