package dev.patchkey.statickey;

import java.lang.invoke.MethodHandle;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Methods that are alike in everything but how they check a switch: the limits, our key where it folds, our key where it
 * does not, and broken keys. {@link CodeSize} compiles them and measures.
 *
 * <p>Most make their check {@value #CHECKS} times, because HotSpot rounds the size of code up to 8 bytes and more: what a
 * check leaves behind could hide in that once, and not {@value #CHECKS} times. What is guarded is arithmetic that many
 * times of it do not make simpler, and no call: whether C2 inlines a call depends on how often it has been made, and so
 * on how long ago the key was enabled.
 */
final class CodeShapes {

    static final int CHECKS = 8;

    // Not constants to javac, which would leave the check out of the bytecode.
    private static final boolean OFF = Boolean.getBoolean("never.set");
    private static final boolean ON = !OFF;

    private static final StaticKey KEY = StaticKey.detached("measured");
    private static volatile boolean flag;

    private CodeShapes() {}

    /** Something to compile, in a class of its own, so that it can be found among what is compiled. */
    interface Shape {

        int run(int x);
    }

    /** Enables or disables all that can be. */
    static final class Switch {

        private @Nullable Enablement enablement;

        void set(boolean enabled) {
            flag = enabled;
            if (enablement != null) {
                enablement.close();
            }
            enablement = enabled ? KEY.enable() : null;
        }
    }

    // One check, in the first methods that are compiled

    static final class OneStaticFinalOff implements Shape {
        @Override
        public int run(int x) {
            return OFF ? x ^ (x >>> 7) : x + 1;
        }
    }

    static final class OneStaticFinalOn implements Shape {
        @Override
        public int run(int x) {
            return ON ? x ^ (x >>> 7) : x + 1;
        }
    }

    static final class OneStaticKey implements Shape {
        @Override
        public int run(int x) {
            return KEY.isEnabled() ? x ^ (x >>> 7) : x + 1;
        }
    }

    // Limits

    static final class NoCheck implements Shape {
        @Override
        public int run(int x) {
            return once(once(once(once(once(once(once(once(x))))))));
        }

        private static int once(int x) {
            return x + 1;
        }
    }

    static final class StaticFinalOff implements Shape {
        @Override
        public int run(int x) {
            return once(once(once(once(once(once(once(once(x))))))));
        }

        private static int once(int x) {
            return OFF ? x ^ (x >>> 7) : x + 1;
        }
    }

    static final class StaticFinalOn implements Shape {
        @Override
        public int run(int x) {
            return once(once(once(once(once(once(once(once(x))))))));
        }

        private static int once(int x) {
            return ON ? x ^ (x >>> 7) : x + 1;
        }
    }

    // Our key where it folds

    static final class InAStaticFinal implements Shape {
        @Override
        public int run(int x) {
            return once(once(once(once(once(once(once(once(x))))))));
        }

        private static int once(int x) {
            return KEY.isEnabled() ? x ^ (x >>> 7) : x + 1;
        }
    }

    static final class InARecord implements Shape {
        private record Keys(StaticKey key) {}

        private static final Keys KEYS = new Keys(KEY);

        @Override
        public int run(int x) {
            return once(once(once(once(once(once(once(once(x))))))));
        }

        private static int once(int x) {
            return KEYS.key.isEnabled() ? x ^ (x >>> 7) : x + 1;
        }
    }

    static final class InALambda implements Shape {
        private static final BooleanSupplier LAMBDA = capture(KEY);

        private static BooleanSupplier capture(StaticKey key) {
            return () -> key.isEnabled();
        }

        @Override
        public int run(int x) {
            return once(once(once(once(once(once(once(once(x))))))));
        }

        private static int once(int x) {
            return LAMBDA.getAsBoolean() ? x ^ (x >>> 7) : x + 1;
        }
    }

    // Our key where it does not

    static final class InAFinalField implements Shape {
        private static final class Service {
            final StaticKey key;

            Service(StaticKey key) {
                this.key = key;
            }
        }

        private static final Service SERVICE = new Service(KEY);

        @Override
        public int run(int x) {
            return once(once(once(once(once(once(once(once(x))))))));
        }

        private static int once(int x) {
            return SERVICE.key.isEnabled() ? x ^ (x >>> 7) : x + 1;
        }
    }

    static final class InAnEnum implements Shape {
        @SuppressWarnings("ImmutableEnumChecker") // it is what is measured
        private enum Feature {
            TRACE(KEY);

            final StaticKey key;

            Feature(StaticKey key) {
                this.key = key;
            }
        }

        @Override
        public int run(int x) {
            return once(once(once(once(once(once(once(once(x))))))));
        }

        private static int once(int x) {
            return Feature.TRACE.key.isEnabled() ? x ^ (x >>> 7) : x + 1;
        }
    }

    static final class InAnArray implements Shape {
        private static final StaticKey[] KEYS = {KEY};

        @Override
        public int run(int x) {
            return once(once(once(once(once(once(once(once(x))))))));
        }

        private static int once(int x) {
            return KEYS[0].isEnabled() ? x ^ (x >>> 7) : x + 1;
        }
    }

    static final class InAnOptional implements Shape {
        private static final Optional<StaticKey> PERHAPS = Optional.of(KEY);

        @Override
        public int run(int x) {
            return once(once(once(once(once(once(once(once(x))))))));
        }

        private static int once(int x) {
            return PERHAPS.orElseThrow().isEnabled() ? x ^ (x >>> 7) : x + 1;
        }
    }

    // What one would write without it

    static final class VolatileBoolean implements Shape {
        @Override
        public int run(int x) {
            return once(once(once(once(once(once(once(once(x))))))));
        }

        private static int once(int x) {
            return flag ? x ^ (x >>> 7) : x + 1;
        }
    }

    // Broken keys

    /** The test of {@link FoldedKey} in an ordinary final class, whose fields the JIT does not trust. */
    static final class OfAnOrdinaryClass implements Shape {
        private static final class OrdinaryKey {
            private final Site site = ((FoldedKey) KEY).site();
            private final KeyCore core = ((FoldedKey) KEY).core();

            boolean isEnabled() {
                MethodHandle target = site.target();
                return target == Targets.ON || (target != Targets.OFF && core.count() > 0);
            }
        }

        private static final OrdinaryKey BROKEN = new OrdinaryKey();

        @Override
        public int run(int x) {
            return once(once(once(once(once(once(once(once(x))))))));
        }

        private static int once(int x) {
            return BROKEN.isEnabled() ? x ^ (x >>> 7) : x + 1;
        }
    }

    /** A key that reads its count at each test, as ours does while its site is slow. */
    static final class OfACount implements Shape {
        private record CountingKey(KeyCore core) {
            boolean isEnabled() {
                return core.count() > 0;
            }
        }

        private static final CountingKey BROKEN = new CountingKey(((FoldedKey) KEY).core());

        @Override
        public int run(int x) {
            return once(once(once(once(once(once(once(once(x))))))));
        }

        private static int once(int x) {
            return BROKEN.isEnabled() ? x ^ (x >>> 7) : x + 1;
        }
    }

    /** A key whose test makes an object that others can see. */
    static final class OfAnAllocation implements Shape {
        private static volatile AtomicBoolean last = new AtomicBoolean();

        @Override
        public int run(int x) {
            return once(once(once(once(once(once(once(once(x))))))));
        }

        private static int once(int x) {
            last = new AtomicBoolean(KEY.isEnabled());
            return last.get() ? x ^ (x >>> 7) : x + 1;
        }
    }

    // Static calls

    private interface Codec {
        int encode(int x);
    }

    private static final class Plain implements Codec {
        @Override
        public int encode(int x) {
            return x + 1;
        }
    }

    private static final class Traced implements Codec {
        @Override
        public int encode(int x) {
            return x ^ (x >>> 7);
        }
    }

    private static final Codec PLAIN = new Plain();
    private static final Codec TRACED = new Traced();

    static final class DirectCallOff implements Shape {
        @Override
        public int run(int x) {
            return once(once(once(once(once(once(once(once(x))))))));
        }

        private static int once(int x) {
            return PLAIN.encode(x);
        }
    }

    static final class DirectCallOn implements Shape {
        @Override
        public int run(int x) {
            return once(once(once(once(once(once(once(once(x))))))));
        }

        private static int once(int x) {
            return TRACED.encode(x);
        }
    }

    static final class OfAStaticCall implements Shape {
        private static final StaticCall<Codec> CODEC = KEY.select(PLAIN, TRACED);

        @Override
        public int run(int x) {
            return once(once(once(once(once(once(once(once(x))))))));
        }

        private static int once(int x) {
            return CODEC.get().encode(x);
        }
    }

    static final class OfAVolatileChoice implements Shape {
        @Override
        public int run(int x) {
            return once(once(once(once(once(once(once(once(x))))))));
        }

        private static int once(int x) {
            return (flag ? TRACED : PLAIN).encode(x);
        }
    }
}
