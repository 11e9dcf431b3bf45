package dev.patchkey.benchmarks.check;

import dev.patchkey.statickey.StaticCall;
import dev.patchkey.statickey.StaticKey;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntUnaryOperator;

/** What is checked, in the state that the JVM was started with; no benchmark changes it. */
final class Subjects {

    /** Names the system property that enables everything. */
    static final String ENABLED = "patchkey.benchmark.enabled";

    /** The limit. */
    static final boolean CONSTANT = Boolean.getBoolean(ENABLED);

    static final StaticKey KEY = StaticKey.detached("benchmark.check");
    static final AtomicInteger COUNT = new AtomicInteger(CONSTANT ? 1 : 0);

    /** The limit of a static call: a call on a constant. */
    static final IntUnaryOperator OPERATOR = CONSTANT ? new Work.On() : new Work.Off();

    static final StaticCall<IntUnaryOperator> CALL = KEY.select(new Work.Off(), new Work.On());

    static boolean plain = CONSTANT;
    static volatile boolean published = CONSTANT;

    static {
        if (CONSTANT) {
            KEY.enable(); // never closed: enabled for as long as the JVM lives
        }
        require("the static key", KEY.isEnabled());
    }

    private Subjects() {}

    /** Whoever measures the wrong state measures nothing. */
    static void require(String subject, boolean enabled) {
        if (enabled != CONSTANT) {
            throw new IllegalStateException(subject + " is enabled: " + enabled + ", but should be: " + CONSTANT);
        }
    }
}
