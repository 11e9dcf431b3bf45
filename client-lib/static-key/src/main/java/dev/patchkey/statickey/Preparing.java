package dev.patchkey.statickey;

/** What a thread may not do while it runs a preparation: it holds a key's lock, and could wait for itself. */
final class Preparing {

    /** The name of the key whose preparation this thread runs, if it does. A name, so that no class loader is kept. */
    private static final ThreadLocal<String> KEY = new ThreadLocal<>();

    private Preparing() {}

    static void run(String key, Runnable action) {
        KEY.set(key);
        try {
            action.run();
        } finally {
            KEY.remove();
        }
    }

    /** @throws IllegalStateException if this thread runs a preparation */
    static void refuse(String operation, String subject) {
        String key = KEY.get();
        if (key != null) {
            throw new IllegalStateException("a beforeEnable action of key '" + key + "' may not " + operation + " '"
                    + subject + "': it runs while '" + key + "' is being enabled, and may only read keys");
        }
    }
}
