package dev.patchkey.client;

import java.util.ResourceBundle;
import org.jspecify.annotations.Nullable;

/**
 * The application's logger, unable to throw: what it is told of is often a failure already, on a thread that has to go
 * on. What it throws is dropped, since there is nobody left to tell.
 */
final class SafeLogger implements System.Logger {

    private final System.Logger logger;

    private SafeLogger(System.Logger logger) {
        this.logger = logger;
    }

    static System.Logger of(System.Logger logger) {
        return logger instanceof SafeLogger ? logger : new SafeLogger(logger);
    }

    @Override
    public String getName() {
        return "dev.patchkey.client";
    }

    @Override
    public boolean isLoggable(Level level) {
        try {
            return logger.isLoggable(level);
        } catch (Throwable e) {
            return false;
        }
    }

    @Override
    public void log(Level level, @Nullable ResourceBundle bundle, @Nullable String text, @Nullable Throwable thrown) {
        try {
            logger.log(level, bundle, text, thrown);
        } catch (Throwable e) {
            // See above.
        }
    }

    @Override
    public void log(Level level, @Nullable ResourceBundle bundle, @Nullable String format, @Nullable Object... args) {
        try {
            logger.log(level, bundle, format, args);
        } catch (Throwable e) {
            // See above.
        }
    }
}
