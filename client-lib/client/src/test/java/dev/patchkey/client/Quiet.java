package dev.patchkey.client;

import java.text.MessageFormat;
import java.util.List;
import java.util.ResourceBundle;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** A logger that keeps what it is told. */
class Quiet implements System.Logger {

    static final Quiet LOGGER = new Quiet();

    final List<String> lines = new CopyOnWriteArrayList<>();

    @Override
    public String getName() {
        return "test";
    }

    @Override
    public boolean isLoggable(Level level) {
        return level.getSeverity() >= Level.INFO.getSeverity();
    }

    @Override
    public void log(Level level, @Nullable ResourceBundle bundle, @Nullable String text, @Nullable Throwable thrown) {
        if (isLoggable(level)) {
            lines.add(level + " " + text + (thrown == null ? "" : ": " + thrown));
            System.out.println(level + " " + text);
            if (thrown != null) {
                thrown.printStackTrace(System.out);
            }
        }
    }

    @Override
    public void log(Level level, @Nullable ResourceBundle bundle, @Nullable String format, @Nullable Object... args) {
        if (isLoggable(level)) {
            String text = args == null || args.length == 0
                    ? String.valueOf(format)
                    : MessageFormat.format(String.valueOf(format), args);
            lines.add(level + " " + text);
            System.out.println(level + " " + text);
        }
    }
}
