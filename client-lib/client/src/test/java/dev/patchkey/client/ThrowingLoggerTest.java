package dev.patchkey.client;

import static dev.patchkey.client.Status.Phase.READY;

import dev.patchkey.statickey.StaticKey;
import java.util.ResourceBundle;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A logger that throws, whatever it is told, ends no thread of the node. */
class ThrowingLoggerTest extends NodeTest {

    private static final class Throwing extends Quiet {
        final AtomicInteger thrown = new AtomicInteger();

        @Override
        public boolean isLoggable(Level level) {
            return true;
        }

        @Override
        public void log(Level level, @Nullable ResourceBundle bundle, @Nullable String text, @Nullable Throwable t) {
            thrown.incrementAndGet();
            throw new AssertionError("the disk is full");
        }

        @Override
        public void log(
                Level level, @Nullable ResourceBundle bundle, @Nullable String format, @Nullable Object... args) {
            thrown.incrementAndGet();
            throw new AssertionError("the disk is full");
        }
    }

    @Test
    void rebindsListenersAndReconnectsGoOn() {
        Throwing logger = new Throwing();
        StaticKey failing = newKey("failing");
        StaticKey other = newKey("other");
        AtomicBoolean fails = new AtomicBoolean(true);
        failing.beforeEnable(() -> {
            if (fails.get()) {
                throw new IllegalStateException("not yet");
            }
        });
        Patchkey node = ready(options -> options.logger(logger));
        AtomicInteger told = new AtomicInteger();
        node.onChange(change -> {
            told.incrementAndGet();
            throw new IllegalStateException("a listener");
        });
        fake.set(failing.name(), 1);
        fake.set(other.name(), 1);
        eventually(other::isEnabled);
        eventually(() -> logger.thrown.get() > 2);
        fails.set(false);
        eventually(failing::isEnabled);
        eventually(() -> told.get() >= 2);

        fake.session().drop();
        eventually(() -> fake.sessions.size() == 2 && node.status().phase() == READY);
        fake.set(other.name(), 0);
        eventually(() -> !other.isEnabled());
        eventually(() -> told.get() >= 3);
    }
}
