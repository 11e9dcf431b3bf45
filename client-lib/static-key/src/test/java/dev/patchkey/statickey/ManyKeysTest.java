package dev.patchkey.statickey;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.statickey.mirror.Mirror;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** A hundred thousand keys in one JVM: each is right. */
class ManyKeysTest {

    private static final int MANY = 100_000;

    /** How many of the keys on real call sites are flipped: each flip waits for two rebinds. */
    private static final int FLIPPED = 500;

    @Test
    void eachIsWhatItsSnapshotSaysWhetherItWasMadeBeforeOrAfter() {
        Registry registry = new Registry(target -> SlowSite.INSTANCE);
        try (Mirror mirror = registry.attach()) {
            List<StaticKey> keys = new ArrayList<>();
            for (int i = 0; i < MANY / 2; i++) {
                keys.add(registry.of(name(i)));
            }
            apply(mirror, 1, i -> i % 3 != 0);
            for (int i = MANY / 2; i < MANY; i++) {
                keys.add(registry.of(name(i)));
            }
            assertEach(keys, i -> i % 3 != 0);
            assertThat(mirror.declared()).hasSize(MANY).containsEntry(name(MANY - 1), 1);
            assertThat(mirror.known()).hasSize(MANY);

            apply(mirror, 2, i -> i % 3 == 0);
            assertEach(keys, i -> i % 3 == 0);
        }
    }

    @Test
    void theirCallSitesAreTheirOwn() {
        Registry registry = new Registry(VolatileSite::new);
        List<StaticKey> keys = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            keys.add(registry.of(name(i)));
        }
        IntPredicate flipped = i -> i % (MANY / FLIPPED) == 0;
        List<Enablement> enablements = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            if (flipped.test(i)) {
                enablements.add(keys.get(i).enable());
            }
        }
        assertThat(enablements).hasSize(FLIPPED);
        assertEach(keys, flipped);
        enablements.forEach(Enablement::close);
        assertEach(keys, i -> false);
    }

    @Test
    void theRegistryForgetsThoseThatWereCollected() {
        Registry registry = new Registry(target -> SlowSite.INSTANCE);
        Consumer<String> use = name -> registry.of(name).enable().close();
        for (int i = 0; i < MANY; i++) {
            use.accept(name(i));
        }
        Awaitility.await().untilAsserted(() -> {
            System.gc();
            for (int i = 0; i < MANY; i++) {
                registry.of("kept");
            }
            assertThat(registry.entries().size()).isOne();
        });
    }

    private static String name(int i) {
        return "many." + i;
    }

    private static void apply(Mirror mirror, long revision, IntPredicate enabled) {
        int newer = 0;
        for (int i = 0; i < MANY; i++) {
            newer += mirror.apply(name(i), enabled.test(i) ? 1 : 0, 1, revision) ? 1 : 0;
        }
        assertThat(newer).isEqualTo(MANY);
    }

    private static void assertEach(List<StaticKey> keys, IntPredicate enabled) {
        List<StaticKey> wrong = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            if (keys.get(i).isEnabled() != enabled.test(i)) {
                wrong.add(keys.get(i));
            }
        }
        assertThat(wrong).isEmpty();
    }
}
