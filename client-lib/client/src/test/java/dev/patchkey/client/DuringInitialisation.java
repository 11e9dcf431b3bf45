package dev.patchkey.client;

/** What a test does to a class that is being initialised, of whatever loader: the next key's name, and a step. */
public final class DuringInitialisation {

    private static volatile String key = "";
    private static volatile Runnable step = () -> {};

    private DuringInitialisation() {}

    static void next(String nextKey, Runnable nextStep) {
        key = nextKey;
        step = nextStep;
    }

    public static String key() {
        return key;
    }

    /** The key is made, and its preparation is not registered yet. */
    public static void keyIsMade() {
        step.run();
    }
}
