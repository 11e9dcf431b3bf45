package dev.patchkey.statickey;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.patchkey.statickey.mirror.Mirror;
import dev.patchkey.statickey.mirror.MirroredState;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.Objects;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Misuse fails at once, with an error that names it, or is a documented no-op; either way it changes nothing. */
class BadInputTest {

    private static final String NAME = "bad-input";

    private final Registry registry = new Registry(VolatileSite::new);

    @Test
    void theMirrorRefusesNullForAName() {
        everyCallOfTheMirror(refused -> assertThatThrownBy(() -> refused.accept(nothing()))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("name"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "A", ".a", "a b", "a/b", "ä"})
    void theMirrorRefusesWhatIsNoName(String name) {
        everyCallOfTheMirror(refused -> assertThatThrownBy(() -> refused.accept(name))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("key name must be 1 to 128 characters of [a-z0-9._-]"));
    }

    private void everyCallOfTheMirror(Consumer<Consumer<String>> refuses) {
        try (Mirror mirror = registry.attach()) {
            refuses.accept(name -> mirror.apply(name, 1, 1, 1));
            refuses.accept(mirror::stale);
            refuses.accept(mirror::state);
            refuses.accept(mirror::isLocal);
            assertThat(mirror.known()).isEmpty();
            assertThat(registry.entries()).isEmpty();
        }
    }

    @Test
    void aKeyRefusesNullForAnActionOrAValue() {
        FoldedKey key = registry.of(NAME);
        assertThatThrownBy(() -> key.beforeEnable(nothing()))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("action");
        assertThatThrownBy(() -> key.select(nothing(), 1))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("off");
        assertThatThrownBy(() -> key.select(0, nothing()))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("on");
        assertThat(key.attachments().preparations()).isEmpty();
        assertThat(key.attachments().staticCalls()).hasValue(0);
    }

    @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"}) // it is what is tested
    private static <T> T nothing() {
        return null;
    }

    @Test
    void anApplyOfANegativeCountIsRefused() {
        FoldedKey key = registry.of(NAME);
        try (Mirror mirror = registry.attach()) {
            mirror.apply(NAME, 2, 1, 5);
            assertThatThrownBy(() -> mirror.apply(NAME, -1, 1, 6))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("count must not be negative, but was -1");
            assertThat(key.count()).isEqualTo(2);
            assertThat(key.isEnabled()).isTrue();
            assertThat(mirror.state(NAME)).isEqualTo(MirroredState.applied(2, 1, 5));
        }
    }

    @Test
    void anApplyOfANegativeCountDoesNotDecideWhatAKeyIs() {
        FoldedKey key = registry.of(NAME);
        try (Mirror mirror = registry.attach()) {
            assertThatThrownBy(() -> mirror.apply(NAME, -1, 1, 1)).isInstanceOf(IllegalArgumentException.class);
            assertThat(mirror.state(NAME)).isNull();
            key.enable().close();
            assertThat(mirror.isLocal(NAME)).as("still free to be counted here").isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anApplyOfAnOlderRevisionIsANoOpWhetherAnybodyHasTheKeyOrNot(boolean declared) {
        FoldedKey key = declared ? registry.of(NAME) : null;
        try (Mirror mirror = registry.attach()) {
            mirror.apply(NAME, 2, 1, 5);
            assertThat(mirror.apply(NAME, 0, 1, 4)).isFalse();
            assertThat(mirror.state(NAME)).isEqualTo(MirroredState.applied(2, 1, 5));
            assertThat(registry.of(NAME).isEnabled()).isTrue();
            assertThat(key == null || key.count() == 2).isTrue();
        }
    }

    @Test
    void closingTheLastReferenceTwiceIsANoOp() {
        FoldedKey key = registry.of(NAME);
        Enablement enablement = key.enable();
        enablement.close();
        enablement.close();
        assertThat(key.count()).isZero();
        try (Enablement next = key.enable()) {
            enablement.close();
            assertThat(next.key().count()).as("another's reference").isEqualTo(1);
        }
    }

    @Test
    void aDecrementAtZeroIsRefused() {
        FoldedKey key = registry.of(NAME);
        assertThatThrownBy(() -> key.core().decrement())
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("key '" + NAME + "' has no reference to give back");
        assertThat(key.count()).isZero();
        assertThat(key.site().target()).isSameAs(Targets.OFF);
        try (Enablement enablement = key.enable()) {
            assertThat(enablement.key().count()).isEqualTo(1);
        }
    }

    @Test
    void oneNameIsOneKeyInOneLoadOfTheLibraryAndAnotherInTheNext() throws Exception {
        try (URLClassLoader second = anotherLoad();
                URLClassLoader third = anotherLoad()) {
            Object ofSecond = keyOf(second);
            Object ofThird = keyOf(third);
            assertThat(keyOf(second)).isSameAs(ofSecond);
            assertThat(ofThird.getClass()).isNotSameAs(ofSecond.getClass());
            call(ofSecond, "enable");
            assertThat(call(ofSecond, "isEnabled")).isEqualTo(true);
            assertThat(call(ofThird, "isEnabled")).isEqualTo(false);
            assertThat(StaticKey.of(NAME).isEnabled()).isFalse();
        }
    }

    private static URLClassLoader anotherLoad() throws IOException {
        URL root = Fork.rootOf(StaticKey.class).toUri().toURL();
        // No parent, since even the platform's class loader finds a module that is on the application's module path.
        return new URLClassLoader(new URL[] {root}, null);
    }

    private static Object keyOf(ClassLoader load) throws ReflectiveOperationException {
        return load.loadClass(StaticKey.class.getName())
                .getMethod("of", String.class)
                .invoke(null, NAME);
    }

    private static Object call(Object key, String method) throws ReflectiveOperationException {
        return Objects.requireNonNull(key.getClass()
                .getClassLoader()
                .loadClass(StaticKey.class.getName())
                .getMethod(method)
                .invoke(key));
    }
}
