package dev.patchkey.statickey;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.patchkey.statickey.mirror.Mirror;
import dev.patchkey.statickey.mirror.RebindException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class BeforeEnableTest {

    private final StaticKey key = StaticKey.detached("prepared");
    private final List<String> ran = new ArrayList<>();

    @Test
    void isCompleteBeforeAnybodySeesTheKeyEnabled() {
        Check.holds(BeforeEnableTest::completeBeforeSeen);
    }

    @Test
    void theCheckerCatchesAPreparationAfterPublication() {
        Check.catches(
                BeforeEnableTest::completeBeforeSeen, Broken.PreparesLate::new, "enabled without its preparation");
    }

    private static void completeBeforeSeen(Subject.Factory subject) {
        ModelSite site = new ModelSite();
        Subject prepared = subject.create(site::create, 0);
        boolean[] complete = {false};
        boolean[] early = {false};
        Runnable look = () -> early[0] |= prepared.agreed("before the preparation is complete") && !complete[0];
        site.listen((phase, target) -> look.run());
        prepared.beforeEnable(() -> {
            look.run();
            complete[0] = true;
        });
        prepared.increment();
        assertThat(complete[0]).isTrue();
        assertThat(early[0]).as("seen enabled without its preparation").isFalse();
    }

    @Test
    void runsAtEveryEdgeUpInTheOrderOfRegistrationAndOnTheEnablingThread() {
        try (Registration first = key.beforeEnable(() -> ran.add("first"));
                Registration second = key.beforeEnable(() -> ran.add("second"))) {
            assertThat(List.of(first, second)).doesNotHaveDuplicates();
            try (Enablement one = key.enable();
                    Enablement two = key.enable()) {
                assertThat(one.key()).isSameAs(two.key());
                assertThat(ran).containsExactly("first", "second");
            }
            key.enable().close();
            assertThat(ran).containsExactly("first", "second", "first", "second");
        }
    }

    @Test
    void runsNoMoreOnceItsRegistrationIsClosed() {
        Registration registration = key.beforeEnable(() -> ran.add("run"));
        registration.close();
        registration.close();
        key.enable().close();
        assertThat(ran).isEmpty();
    }

    @Test
    void runsAtOnceIfTheKeyIsEnabledAlready() {
        try (Enablement enablement = key.enable();
                Registration registration = key.beforeEnable(() -> ran.add("run"))) {
            assertThat(enablement.key().isEnabled()).isTrue();
            assertThat(registration).isNotNull();
            assertThat(ran).containsExactly("run");
        }
    }

    @Test
    void isNotRegisteredIfItThrowsAtOnce() {
        try (Enablement enablement = key.enable()) {
            assertThatThrownBy(() -> key.beforeEnable(BeforeEnableTest::refuse)).hasMessage("not prepared");
            assertThat(enablement.key().isEnabled()).isTrue();
        }
        key.enable().close();
    }

    @Test
    void restoresTheKeyAndThrowsToWhoEnablesIfItThrows() {
        Registration registration = key.beforeEnable(BeforeEnableTest::refuse);
        assertThatThrownBy(key::enable).isInstanceOf(UnsupportedOperationException.class);
        assertThat(key.isEnabled()).isFalse();
        registration.close();
        key.enable().close();
    }

    @Test
    void isTheCauseOfARebindExceptionIfItThrowsToTheMirror() {
        Registry registry = new Registry(VolatileSite::new);
        FoldedKey mirrored = registry.of("prepared");
        Registration registration = mirrored.beforeEnable(BeforeEnableTest::refuse);
        try (Mirror mirror = registry.attach()) {
            RebindException thrown = (RebindException) catchThrowable(() -> mirror.apply("prepared", 1, 1, 1));
            assertThat(thrown.key()).isEqualTo("prepared");
            assertThat(thrown).hasCauseInstanceOf(UnsupportedOperationException.class);
            assertThat(mirror.state("prepared")).isNull();
            registration.close();
            assertThat(mirror.apply("prepared", 1, 1, 1)).isTrue();
            assertThat(mirrored.isEnabled()).isTrue();
        }
    }

    static Stream<Map.Entry<String, Runnable>> forbidden() {
        StaticKey other = StaticKey.detached("other");
        Enablement open = StaticKey.detached("open").enable();
        Registration registered = StaticKey.detached("registered").beforeEnable(() -> {});
        Registry registry = new Registry(VolatileSite::new);
        return Stream.of(
                Map.entry("enable a key", other::enable),
                Map.entry("disable a key", open::close),
                Map.entry("make a key", () -> StaticKey.of("made")),
                Map.entry("make a detached key", () -> StaticKey.detached("made")),
                Map.entry("register a preparation", () -> other.beforeEnable(() -> {})),
                Map.entry("remove a preparation", registered::close),
                Map.entry("apply", () -> new RegistryMirror(registry).apply("applied", 1, 1, 1)),
                Map.entry("make stale", () -> new RegistryMirror(registry).stale("applied")),
                Map.entry("attach the mirror", Mirror::attach),
                Map.entry("acquire", () -> Mirror.refuseInsidePreparation("acquire key", "acquired")));
    }

    @ParameterizedTest
    @MethodSource("forbidden")
    void mayNot(Map.Entry<String, Runnable> operation) {
        Registration registration = key.beforeEnable(operation.getValue());
        assertThatThrownBy(key::enable)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("a beforeEnable action of key 'prepared' may not");
        assertThat(key.isEnabled()).isFalse();
        registration.close();
        key.enable().close();
    }

    @Test
    void mayReadKeys() {
        try (Registration registration = key.beforeEnable(() -> ran.add(key.name() + key.isEnabled() + key.count()))) {
            key.enable().close();
            assertThat(registration).isNotNull();
            assertThat(ran).containsExactly("preparedfalse0");
        }
    }

    private static void refuse() {
        throw new UnsupportedOperationException("not prepared");
    }
}
