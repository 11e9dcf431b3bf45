package dev.patchkey.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.patchkey.client.fake.Json;
import dev.patchkey.statickey.StaticKey;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A name that the JVM counts itself is neither held nor mirrored, and both are said. */
class LocalKeysTest extends NodeTest {

    @Test
    void acquiringALocalKeyFailsAtOnce() {
        StaticKey key = newKey("local");
        Patchkey node = ready();
        try (var local = key.enable()) {
            assertThat(local).isNotNull();
            assertThatThrownBy(() -> node.acquire(key, LONG))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("key '" + key.name() + "' is local");
        }
        assertThat(fake.requests).isEmpty();
    }

    @Test
    void aChangeOfALocalNameIsLoggedOnceAndExceptedWithoutRetries() {
        StaticKey key = newKey("local");
        StaticKey other = newKey("other");
        Quiet log = new Quiet();
        Patchkey node = ready(options -> options.logger(log));
        try (var local = key.enable()) {
            assertThat(local).isNotNull();
            fake.set(key.name(), 5);
            fake.set(key.name(), 6);
            fake.set(other.name(), 1);
            eventually(other::isEnabled);
            eventually(() -> fake.session().applied() == fake.session().number());
            eventually(() -> Json.write(fake.session().lastApplied()).contains("{\"key\":\"" + key.name()));
            int announced = fake.session().received("applied").size();
            pause(Duration.ofMillis(500));
            assertThat(fake.session().received("applied"))
                    .as("nothing new to say")
                    .hasSize(announced);
            assertThat(log.lines).filteredOn(line -> line.contains(key.name())).hasSize(1);
            assertThat(key.count()).isEqualTo(1);
            assertThat(node.status().unreboundKeys()).isZero();

            fake.session().drop();
            eventually(() -> fake.sessions.size() == 2);
            eventually(() -> fake.session().applied() == fake.session().number());
            assertThat(Json.write(fake.session().lastApplied())).contains(key.name());
            assertThat(log.lines).filteredOn(line -> line.contains(key.name())).hasSize(1);
        }
    }
}
