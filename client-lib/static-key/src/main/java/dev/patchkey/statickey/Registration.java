package dev.patchkey.statickey;

/** What was registered, until it is closed. Closing twice is a no-op. */
@FunctionalInterface
public interface Registration extends AutoCloseable {

    /** Removes what was registered. */
    @Override
    void close();
}
