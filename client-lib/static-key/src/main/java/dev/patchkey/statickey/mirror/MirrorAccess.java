package dev.patchkey.statickey.mirror;

import org.jspecify.annotations.Nullable;

/**
 * How this package reaches the registry without importing it: the registry installs itself here when its class is
 * initialised, which the first use of a mirror sees to.
 */
public abstract class MirrorAccess {

    private static final String REGISTRY = "dev.patchkey.statickey.Registry";

    private static volatile @Nullable MirrorAccess installed;

    /** For the registry alone. */
    protected MirrorAccess() {}

    /** For the registry alone: installs its implementation. */
    public static void install(MirrorAccess access) {
        installed = access;
    }

    /** As {@link Mirror#attach()}. */
    protected abstract Mirror attach();

    /** As {@link Mirror#refuseInsidePreparation}. */
    protected abstract void refuseInsidePreparation(String operation, String key);

    static MirrorAccess installed() {
        MirrorAccess access = installed;
        return access != null ? access : initialised();
    }

    private static MirrorAccess initialised() {
        try {
            Class.forName(REGISTRY, true, MirrorAccess.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(REGISTRY + " belongs beside this class and is missing", e);
        }
        MirrorAccess access = installed;
        if (access == null) {
            throw new IllegalStateException(REGISTRY + " is being initialised by this thread");
        }
        return access;
    }
}
