package dev.patchkey.statickey;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StaticKeyTest {

    @Test
    void isEnabledWhileAReferenceIsOpen() {
        StaticKey key = StaticKey.of("static-key.counted");
        assertThat(key.isEnabled()).isFalse();
        try (Enablement one = key.enable()) {
            assertThat(one.key()).isSameAs(key);
            assertThat(key.isEnabled()).isTrue();
            try (Enablement two = key.enable()) {
                assertThat(two).isNotSameAs(one);
                assertThat(key.count()).isEqualTo(2);
            }
            assertThat(key.count()).isEqualTo(1);
        }
        assertThat(key.isEnabled()).isFalse();
        assertThat(key.count()).isZero();
    }

    @Test
    void isTheSameForTheSameName() {
        StaticKey key = StaticKey.of("static-key.same");
        assertThat(StaticKey.of("static-key.same")).isSameAs(key).hasSameHashCodeAs(key);
        assertThat(StaticKey.of("static-key.other")).isNotEqualTo(key);
        assertThat(StaticKey.detached("static-key.same")).isNotEqualTo(key);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "0", "checkout.trace", "a-b_c.d", "9-"})
    void takesNamesOfTheGrammar(String name) {
        assertThat(StaticKey.detached(name).name()).isEqualTo(name);
    }

    @Test
    @SuppressWarnings("NullAway") // it is what is tested
    void namesAnArgumentThatIsNull() {
        assertThatThrownBy(() -> StaticKey.of(null))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("name");
        assertThatThrownBy(() -> StaticKey.detached(null))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("name");
    }

    @Test
    void takesTheLongestName() {
        assertThat(StaticKey.detached("a".repeat(128)).name()).hasSize(128);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "A", ".a", "-a", "_a", "a b", "a/b", "a\n", "ä"})
    void refusesOtherNamesNamingTheRule(String name) {
        assertThatThrownBy(() -> StaticKey.of(name))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(
                        "1 to 128 characters of [a-z0-9._-], starting with a letter or digit, but was '" + name + "'");
        assertThatThrownBy(() -> StaticKey.detached(name)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void refusesALongerName() {
        assertThatThrownBy(() -> StaticKey.of("a".repeat(129)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageEndingWith("but was 129 characters long");
    }

    @Test
    void selectsAValue() {
        StaticKey key = StaticKey.detached("selecting");
        StaticCall<String> call = key.select("off", "on");
        assertThat(call.key()).isSameAs(key);
        assertThat(call.get()).isEqualTo("off");
        try (Enablement enablement = key.enable()) {
            assertThat(enablement.key()).isSameAs(key);
            assertThat(call.get()).isEqualTo("on");
        }
        assertThat(call.get()).isEqualTo("off");
        assertThat(call).isNotEqualTo(key.select("off", "on")).hasToString("StaticCall[selecting]");
    }

    @Test
    void saysWhatItIs() {
        StaticKey key = StaticKey.detached("said");
        assertThat(key).hasToString("StaticKey[said, count 0]");
        Enablement enablement = key.enable();
        assertThat(key).hasToString("StaticKey[said, count 1, local]");
        assertThat(enablement).hasToString("Enablement[said]");
        enablement.close();
        assertThat(enablement).hasToString("Enablement[said, closed]");
    }

    @Test
    void staysSlowInANativeImage() {
        String property = "org.graalvm.nativeimage.imagecode";
        System.setProperty(property, "runtime");
        try {
            assertThat(Site.Factory.ofThisRuntime().create(Targets.OFF)).isSameAs(SlowSite.INSTANCE);
        } finally {
            System.clearProperty(property);
        }
        assertThat(Site.Factory.ofThisRuntime().create(Targets.OFF)).isInstanceOf(VolatileSite.class);
    }

    @Test
    void worksWhereNothingCanBeRebound() {
        Subject key = Subject.ours(target -> SlowSite.INSTANCE, 0);
        key.increment();
        assertThat(key.agreed("enabled")).isTrue();
        assertThat(key.count()).isEqualTo(1);
        key.decrement();
        assertThat(key.agreed("disabled")).isFalse();
        key = Subject.ours(target -> SlowSite.INSTANCE, 0);
        key.apply(2, 1, 1);
        assertThat(key.agreed("applied")).isTrue();
        key.stale();
        assertThat(key.agreed("stale")).isFalse();
    }
}
