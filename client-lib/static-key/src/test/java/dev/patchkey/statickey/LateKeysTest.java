package dev.patchkey.statickey;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.statickey.ModelSite.Phase;
import dev.patchkey.statickey.mirror.MirroredState;
import java.lang.ref.WeakReference;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

@Invariant(
        number = "N7",
        text =
                "Late keys are right: a static key created after its key was enabled starts enabled, without I/O or waiting"
                        + " in its class initialiser")
class LateKeysTest {

    /** A registry and its mirror, as the subject of a check. */
    interface Names {

        /** Makes the key; the test of it. */
        BooleanSupplier of(String name);

        void apply(String name, int count, long revision);

        void stale(String name);
    }

    /** Makes one, of keys with sites from the factory. */
    @FunctionalInterface
    interface Factory extends Function<Site.Factory, Names> {}

    @Test
    void aKeyMadeAfterItsKeyWasEnabledStartsEnabled() {
        startsAsApplied(OurNames::new);
    }

    @Test
    void theCheckerCatchesALateKeyThatIgnoresTheRegistry() {
        Check.catches(LateKeysTest::startsAsApplied, (Factory) IgnoresRegistry::new, "a late key");
    }

    @Test
    void aKeyMadeWhileItsKeyIsBeingEnabledMissesNothing() {
        meets(OurNames::new);
    }

    @Test
    void theCheckerCatchesAHandoverWithAGap() {
        Check.catches(LateKeysTest::meets, (Factory) LooksThenPuts::new, "made while");
    }

    @Test
    void makingAKeyWaitsForNoRebind() {
        makesWithoutWaiting(OurNames::new);
    }

    @Test
    void theCheckerCatchesARegistryWithOneLock() {
        Check.catches(LateKeysTest::makesWithoutWaiting, (Factory) OneLock::new, "waited");
    }

    @Test
    void aKeyMadeAgainAfterItsObjectWasCollectedIsAsItWas() {
        survivesCollection(OurNames::new);
    }

    @Test
    void theCheckerCatchesARegistryThatForgetsWithTheKey() {
        Check.catches(LateKeysTest::survivesCollection, (Factory) ForgetsWithKey::new, "made again");
    }

    @Test
    void aKeyMadeInARaceWithItsFirstApplyIsEnabledInTheEnd() {
        Registry registry = new Registry(Site.Factory.ofThisRuntime());
        try (var mirror = registry.attach()) {
            for (int round = 0; round < 500; round++) {
                String name = "race." + round;
                Actor applying = Actor.start("applying", () -> mirror.apply(name, 1, 1, 1));
                StaticKey key = registry.of(name);
                applying.finish();
                assertThat(key.isEnabled())
                        .as("round %d: a key made in a race with its first apply", round)
                        .isTrue();
            }
        }
    }

    private static void startsAsApplied(Factory factory) {
        ModelSite site = new ModelSite();
        Names names = factory.apply(site::create);
        names.apply("late", 2, 1);
        assertThat(names.of("late").getAsBoolean()).as("a late key").isTrue();
        assertThat(site.trail()).as("rebinds of a late key").isEmpty();
        assertThat(ModelSite.folded(names.of("late")))
                .as("a late key in folded code")
                .isTrue();

        names.apply("disabled", 2, 1);
        names.apply("disabled", 0, 2);
        names.apply("disabled", 1, 1);
        assertThat(names.of("disabled").getAsBoolean())
                .as("a late key of a disabled one")
                .isFalse();

        names.apply("stale", 2, 1);
        names.stale("stale");
        BooleanSupplier stale = names.of("stale");
        assertThat(stale.getAsBoolean()).as("a late key of a stale one").isFalse();
        names.apply("stale", 2, 1);
        assertThat(stale.getAsBoolean()).as("a late key of a stale one, lifted").isTrue();
    }

    /** The apply comes when the key's call site has been made and nobody can see it yet: the narrowest place. */
    private static void meets(Factory factory) {
        for (int known = 0; known < 2; known++) {
            Names[] names = new Names[1];
            Actor[] applying = new Actor[1];
            names[0] = factory.apply(target -> {
                applying[0] = Actor.start("applying", () -> names[0].apply("met", 1, 2));
                applying[0].endsWithoutWaiting();
                return new ModelSite().create(target);
            });
            if (known == 1) {
                names[0].apply("met", 0, 1);
            }
            BooleanSupplier test = names[0].of("met");
            applying[0].finish();
            assertThat(test.getAsBoolean())
                    .as("a key made while it was applied to")
                    .isTrue();
        }
    }

    private static void makesWithoutWaiting(Factory factory) {
        Gate gate = new Gate(Phase.STORED, Targets.SLOW);
        Names names = factory.apply(target -> {
            ModelSite site = new ModelSite();
            site.listen(gate);
            return site.create(target);
        });
        BooleanSupplier test = names.of("busy");
        Actor applying = Actor.start("applying", () -> names.apply("busy", 1, 1));
        gate.awaitReached();
        Actor making = Actor.start("making", () -> {
            names.of("busy");
            names.of("another");
        });
        boolean waited = !making.endsWithoutWaiting();
        gate.open();
        applying.finish();
        making.finish();
        assertThat(waited).as("making a key waited for a rebind").isFalse();
        assertThat(test.getAsBoolean()).isTrue();
    }

    private static void survivesCollection(Factory factory) {
        Names names = factory.apply(VolatileSite::new);
        Supplier<WeakReference<BooleanSupplier>> use = () -> {
            BooleanSupplier test = names.of("collected");
            names.apply("collected", 4, 1);
            assertThat(test.getAsBoolean()).isTrue();
            return new WeakReference<>(test);
        };
        Garbage.collects(use.get(), Garbage.MANY);
        assertThat(names.of("collected").getAsBoolean())
                .as("a key made again after it was collected")
                .isTrue();
    }

    /** The registry itself. */
    private static final class OurNames implements Names {

        private final Registry registry;
        private final RegistryMirror mirror;

        OurNames(Site.Factory sites) {
            registry = new Registry(sites);
            mirror = new RegistryMirror(registry);
        }

        @Override
        public BooleanSupplier of(String name) {
            FoldedKey key = registry.of(name);
            return key::isEnabled;
        }

        @Override
        public void apply(String name, int count, long revision) {
            mirror.apply(name, count, 1, revision);
        }

        @Override
        public void stale(String name) {
            mirror.stale(name);
        }
    }

    /** A registry made plainly, from sketches; broken variants break one thing. */
    private static class PlainNames implements Names {

        final Site.Factory sites;
        final Map<String, Sketch> keys = new ConcurrentHashMap<>();
        final Map<String, MirroredState> states = new ConcurrentHashMap<>();

        PlainNames(Site.Factory sites) {
            this.sites = sites;
        }

        @Override
        public BooleanSupplier of(String name) {
            Sketch known = keys.get(name);
            if (known != null) {
                return known::isEnabled;
            }
            MirroredState state = states.get(name);
            Sketch key = new Sketch(sites, state == null ? 0 : state.effectiveCount());
            key.mirrored = state;
            keys.put(name, key);
            return key::isEnabled;
        }

        @Override
        public void apply(String name, int count, long revision) {
            MirroredState pair = MirroredState.applied(count, 1, revision);
            states.merge(name, pair, (old, same) -> pair.compareVersion(old) >= 0 ? pair : old);
            Sketch key = keys.get(name);
            if (key != null) {
                key.apply(count, 1, revision);
            }
        }

        @Override
        public void stale(String name) {
            states.computeIfPresent(name, (same, old) -> old.withStale(true));
            Sketch key = keys.get(name);
            if (key != null) {
                key.stale();
            }
        }
    }

    /** Its keys start disabled. */
    private static final class IgnoresRegistry extends PlainNames {

        IgnoresRegistry(Site.Factory sites) {
            super(sites);
        }

        @Override
        public BooleanSupplier of(String name) {
            states.remove(name);
            return super.of(name);
        }
    }

    /** Looks what has been applied, makes the key, puts it where an apply finds it: one in between is lost. */
    private static final class LooksThenPuts extends PlainNames {

        LooksThenPuts(Site.Factory sites) {
            super(sites);
        }
    }

    /** One lock for all it does. */
    private static final class OneLock extends PlainNames {

        OneLock(Site.Factory sites) {
            super(sites);
        }

        @Override
        public synchronized BooleanSupplier of(String name) {
            return super.of(name);
        }

        @Override
        public synchronized void apply(String name, int count, long revision) {
            super.apply(name, count, revision);
        }
    }

    /** Keeps what was applied in the key object, and that weakly. */
    private static final class ForgetsWithKey extends PlainNames {

        private final Map<String, WeakReference<BooleanSupplier>> tests = new ConcurrentHashMap<>();

        ForgetsWithKey(Site.Factory sites) {
            super(sites);
        }

        @Override
        public BooleanSupplier of(String name) {
            WeakReference<BooleanSupplier> reference = tests.get(name);
            BooleanSupplier known = reference == null ? null : reference.get();
            if (known != null) {
                return known;
            }
            keys.remove(name);
            states.remove(name);
            BooleanSupplier test = super.of(name);
            tests.put(name, new WeakReference<>(test));
            return test;
        }
    }
}
