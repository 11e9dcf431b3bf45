package dev.patchkey.statickey;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.patchkey.statickey.mirror.Mirror;
import dev.patchkey.statickey.mirror.MirroredState;
import dev.patchkey.statickey.mirror.RebindException;
import org.junit.jupiter.api.Test;

class MirrorTest {

    private final Registry registry = new Registry(VolatileSite::new);

    @Test
    void isTheOnlyOneUntilItIsClosed() {
        Mirror first = registry.attach();
        assertThatThrownBy(registry::attach)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("attached already");
        first.close();
        try (Mirror second = registry.attach()) {
            first.close();
            assertThatThrownBy(registry::attach).isInstanceOf(IllegalStateException.class);
            assertThat(second.known()).isEmpty();
            assertThatThrownBy(() -> first.apply("a", 1, 1, 1)).hasMessageContaining("the mirror is closed");
            assertThatThrownBy(() -> first.stale("a")).hasMessageContaining("the mirror is closed");
        }
    }

    @Test
    void setsTheKeysOfTheLibrary() {
        StaticKey key = StaticKey.of("mirror.global");
        try (Mirror mirror = Mirror.attach()) {
            assertThat(mirror.apply("mirror.global", 2, 1, 1)).isTrue();
            assertThat(key.count()).isEqualTo(2);
            assertThat(mirror.apply("mirror.global", 0, 1, 2)).isTrue();
        }
    }

    @Test
    void tellsLocalKeysFromOthers() {
        StaticKey key = registry.of("counted");
        StaticKey set = registry.of("set");
        try (Mirror mirror = registry.attach()) {
            assertThat(mirror.isLocal("nobody")).isFalse();
            assertThat(mirror.isLocal("counted")).as("not counted yet").isFalse();
            key.enable().close();
            mirror.apply("set", 1, 1, 1);
            assertThat(mirror.isLocal("counted")).isTrue();
            assertThat(mirror.isLocal("set")).isFalse();
            assertThatThrownBy(() -> mirror.isLocal("No name")).isInstanceOf(IllegalArgumentException.class);
            assertThat(set.isEnabled()).isTrue();
        }
    }

    @Test
    void leavesKeysAsTheyAreWhenItIsClosed() {
        StaticKey key = registry.of("left");
        try (Mirror mirror = registry.attach()) {
            mirror.apply("left", 1, 1, 7);
        }
        assertThat(key.isEnabled()).isTrue();
        assertThatThrownBy(key::enable).isInstanceOf(IllegalStateException.class);
        try (Mirror next = registry.attach()) {
            assertThat(next.apply("left", 0, 1, 6)).isFalse();
            assertThat(next.state("left")).isEqualTo(MirroredState.applied(1, 1, 7));
        }
    }

    @Test
    void throwsIfARebindFailsAndTriesAgainWhenCalledAgain() {
        ModelSite site = new ModelSite();
        Registry failing = new Registry(site::create);
        StaticKey key = failing.of("failing");
        site.listen((phase, target) -> {
            if (target == Targets.ON) {
                throw new IllegalStateException("cannot rebind");
            }
        });
        try (Mirror mirror = failing.attach()) {
            for (int attempt = 0; attempt < 2; attempt++) {
                RebindException thrown = (RebindException) catchThrowable(() -> mirror.apply("failing", 1, 1, 1));
                assertThat(thrown.key()).isEqualTo("failing");
                assertThat(thrown).hasMessageContaining("key 'failing'").hasRootCauseMessage("cannot rebind");
                assertThat(key.isEnabled()).isTrue();
                assertThat(key).hasToString("StaticKey[failing, count 1, mirrored, left slow]");
            }
            site.ignore();
            assertThat(mirror.apply("failing", 1, 1, 1)).isFalse();
            assertThat(site.target()).isSameAs(Targets.ON);
        }
    }

    @Test
    void refusesALocalKey() {
        StaticKey key = registry.of("mixed");
        key.enable().close();
        try (Mirror mirror = registry.attach()) {
            assertThatThrownBy(() -> mirror.apply("mixed", 1, 1, 1))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageStartingWith("key 'mixed' is local: it has been enabled with enable()");
            assertThatThrownBy(() -> mirror.stale("mixed")).isInstanceOf(IllegalStateException.class);
            assertThat(key.isEnabled()).isFalse();
            assertThat(mirror.state("mixed")).isNull();
            assertThat(mirror.declared()).isEmpty();
            assertThat(mirror.callSites("mixed")).isZero();
        }
    }

    @Test
    void leavesNothingToEnableInAMirroredKey() {
        try (Mirror mirror = registry.attach()) {
            mirror.apply("mixed", 1, 1, 1);
            StaticKey key = registry.of("mixed");
            assertThatThrownBy(key::enable)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageStartingWith("key 'mixed' is mirrored: its count is the cluster's");
            assertThat(key.count()).isEqualTo(1);
        }
    }

    @Test
    void knowsAppliedNamesAndDeclaredKeys() {
        try (Mirror mirror = registry.attach()) {
            StaticKey unversioned = registry.of("unversioned");
            StaticKey called = registry.of("called");
            StaticCall<Integer> one = called.select(0, 1);
            StaticCall<Integer> two = called.select(2, 3);
            mirror.apply("undeclared", 1, 1, 1);
            mirror.apply("called", 1, 1, 1);
            mirror.stale("undeclared");
            mirror.stale("never-applied");

            assertThat(mirror.known()).containsExactlyInAnyOrder("undeclared", "called");
            assertThat(mirror.declared())
                    .hasSize(2)
                    .containsEntry("unversioned", 1)
                    .containsEntry("called", 3);
            assertThat(mirror.callSites("called")).isEqualTo(3);
            assertThat(mirror.callSites("undeclared")).isZero();
            assertThat(mirror.callSites("never-applied")).isZero();
            assertThat(mirror.state("undeclared")).isEqualTo(new MirroredState(1, 1, 1, true));
            assertThat(mirror.state("never-applied")).isNull();
            assertThat(mirror.state("unversioned")).isNull();
            assertThat(one.get() + two.get()).isEqualTo(4);
            assertThat(unversioned.isEnabled()).isFalse();
        }
    }

    @Test
    void refusesWhatIsNoPairAndNoName() {
        try (Mirror mirror = registry.attach()) {
            assertThatThrownBy(() -> mirror.apply("a", -1, 1, 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("count must not be negative");
            assertThatThrownBy(() -> mirror.apply("A", 1, 1, 1)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> mirror.stale("A")).isInstanceOf(IllegalArgumentException.class);
            assertThat(mirror.known()).isEmpty();
        }
    }
}
