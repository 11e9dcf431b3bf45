package dev.patchkey.statickey;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.statickey.mirror.Mirror;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RegistryTest {

    private final Registry registry = new Registry(VolatileSite::new);

    @Test
    void keepsNoKeyAliveAndSoNoClassLoader() {
        releasesPreparations(registry::of, Garbage.MANY);
    }

    @Test
    void theCheckerCatchesARegistryThatKeepsItsKeys() {
        Map<String, FoldedKey> kept = new HashMap<>();
        Check.catches(
                subject -> releasesPreparations(subject, 10),
                (Function<String, FoldedKey>) name -> kept.computeIfAbsent(name, registry::of),
                "the referent was collected");
        assertThat(kept).hasSize(1);
    }

    /** A preparation refers to an application's classes; nothing may refer to it when the application is gone. */
    private static void releasesPreparations(Function<String, FoldedKey> registry, int collections) {
        Supplier<WeakReference<Object>> application = () -> {
            Object loaded = new Object();
            List<Integer> used = new ArrayList<>();
            FoldedKey key = registry.apply("application");
            key.core().increment(); // and never again disabled: the count is kept, the application is not
            key.core().prepare(new Preparation(key, () -> used.add(loaded.hashCode())));
            return new WeakReference<>(loaded);
        };
        Garbage.collects(application.get(), collections);
    }

    @Test
    void keepsTheCountOfALocalKeyThatIsEnabledForGood() {
        Supplier<WeakReference<StaticKey>> enable = () -> {
            StaticKey key = registry.of("for-good");
            assertThat(key.enable().key()).isSameAs(key);
            return new WeakReference<>(key);
        };
        Garbage.collects(enable.get(), Garbage.MANY);
        registry.of("to-forget-others");
        assertThat(registry.of("for-good").isEnabled()).isTrue();
    }

    @Test
    void referencesAndStaticCallsAndRegistrationsKeepTheirKey() {
        WeakReference<StaticKey> garbage = new WeakReference<>(StaticKey.detached("garbage"));
        Enablement enablement = registry.of("enabled").enable();
        StaticCall<Integer> call = registry.of("called").select(0, 1);
        Registration registration = registry.of("prepared").beforeEnable(() -> {});
        Garbage.collects(garbage, Garbage.MANY);
        assertThat(keyIn("enabled")).isSameAs(enablement.key());
        assertThat(keyIn("called")).isSameAs(call.key());
        assertThat(keyIn("prepared")).isNotNull();
        registration.close();
    }

    private @Nullable Object keyIn(String name) {
        return registry.entries().get(name) instanceof KeyCore core ? core.key() : null;
    }

    @Test
    void forgetsNamesThatAreLocalAndDisabledAndCollected() {
        Consumer<String> use = name -> registry.of(name).enable().close();
        for (int i = 0; i < 100; i++) {
            use.accept("dynamic." + i);
        }
        Awaitility.await().untilAsserted(() -> {
            System.gc();
            for (int i = 0; i < 100; i++) {
                registry.of("kept");
            }
            assertThat(registry.entries()).containsOnlyKeys("kept");
        });
    }

    @Test
    void forgetsANameWhoseDisableIsDeferredOnceThatHasEnded() {
        KeyCore core = collectedWhileItsDisableIsDeferred("deferring");
        registry.of("kept");
        assertThat(core.retire()).isEqualTo(KeyCore.Retirement.BUSY);
        assertThat(registry.entries()).containsEntry("deferring", core);

        core.flush();
        Awaitility.await().untilAsserted(() -> {
            System.gc(); // nothing says when a cleared reference is enqueued
            registry.of("kept");
            assertThat(registry.entries()).containsOnlyKeys("kept");
        });
    }

    @Test
    void aKeyMadeAgainWhileItsDisableIsDeferredIsEnabledAndStillDefers() {
        KeyCore core = collectedWhileItsDisableIsDeferred("made-again-deferring");
        FoldedKey again = registry.of("made-again-deferring");
        assertThat(again.core()).isSameAs(core);
        assertThat(again.isEnabled()).isTrue();
        again.enable().close();
        assertThat(again.count()).isEqualTo(1);
        again.flush();
        assertThat(again.isEnabled()).isFalse();
    }

    private KeyCore collectedWhileItsDisableIsDeferred(String name) {
        Supplier<KeyCore> use = () -> {
            FoldedKey key = registry.of(name);
            key.deferDisable(KeyCore.LONGEST_DELAY);
            key.enable().close();
            return key.core();
        };
        KeyCore core = use.get();
        Garbage.collects(Objects.requireNonNull(core.reference()), Garbage.MANY);
        return core;
    }

    @Test
    void looksAfterOneCollectedKeyOfANameWhoseDisableIsDeferred() {
        KeyCore core = registry.of("again").core();
        core.deferDisable(KeyCore.LONGEST_DELAY.toNanos());
        core.increment();
        core.decrement();
        for (int i = 1; i <= 40; i++) {
            assertThat(registry.of("again").core()).isSameAs(core);
            collect(core);
            registry.of("kept");
        }
        assertThat(registry.busy()).hasSize(1);

        core.flush();
        registry.of("kept");
        assertThat(registry.busy()).isEmpty();
        assertThat(registry.entries()).containsOnlyKeys("kept");
    }

    /** As the garbage collector does, but at once. */
    private static void collect(KeyCore core) {
        assertThat(Objects.requireNonNull(core.reference()).enqueue()).isTrue();
    }

    @Test
    void aDeferredDisableKeepsNothingOfTheApplication() {
        Supplier<WeakReference<Object>> application = () -> {
            Object loaded = new Object();
            List<Integer> used = new ArrayList<>();
            FoldedKey key = registry.of("application-deferring");
            key.core().prepare(new Preparation(key, () -> used.add(loaded.hashCode())));
            key.deferDisable(KeyCore.LONGEST_DELAY);
            key.enable().close();
            return new WeakReference<>(loaded);
        };
        Garbage.collects(application.get(), Garbage.MANY);
    }

    @Test
    void doesNotForgetAKeyThatWasMadeAgain() {
        FoldedKey key = registry.of("made-again");
        assertThat(key.core().retire()).isEqualTo(KeyCore.Retirement.KEPT);
        assertThat(registry.of("made-again")).isSameAs(key);
    }

    @Test
    void anApplyToAForgottenCoreFindsTheNextOne() {
        KeyCore forgotten = registry.of("raced").core();
        forgotten.key(new WeakReference<>(null));
        assertThat(forgotten.retire()).isEqualTo(KeyCore.Retirement.RETIRED);
        try (Mirror mirror = registry.attach()) { // the entry still holds the retired core, as in the middle of a race
            assertThat(mirror.apply("raced", 1, 1, 1)).isTrue();
            assertThat(registry.of("raced").isEnabled()).isTrue();
            assertThat(registry.of("raced").core()).isNotSameAs(forgotten);
            assertThat(forgotten.count()).isZero();
        }
    }
}
