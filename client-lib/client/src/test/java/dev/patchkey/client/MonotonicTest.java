package dev.patchkey.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.patchkey.client.fake.FakeService;
import dev.patchkey.statickey.StaticKey;
import java.util.List;
import org.junit.jupiter.api.Test;

/** N3, in what is delivered and not applied yet. The static keys' own part is in their module's tests. */
@Invariant(number = "N3", text = "Monotonic: a node never applies an older version over a newer one")
class MonotonicTest extends NodeTest {

    @Test
    void theBacklogNeverGoesBack() {
        for (long seed = 0; seed < 300; seed++) {
            new BacklogCheck(seed).run(new OurBacklog());
        }
    }

    @Test
    void aBacklogInWhichTheLastToComeWinsIsFoundOut() {
        assertThatThrownBy(() -> {
                    for (long seed = 0; seed < 300; seed++) {
                        new BacklogCheck(seed).run(new FlawedBacklog(FlawedBacklog.Flaw.LAST_WINS));
                    }
                })
                .isInstanceOf(AssertionError.class);
    }

    @Test
    void anOlderStateThatArrivesLaterIsAppliedByNobody() {
        StaticKey key = newKey("older");
        ready();
        long revision = fake.set(key.name(), 1);
        eventually(key::isEnabled);
        fake.session().sendChange(1, revision, List.of(FakeService.state(key.name(), 0, revision - 1)));
        eventuallyApplied();
        assertThat(key.isEnabled()).isTrue();
    }
}
