package dev.patchkey.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.client.fake.FakeService;
import dev.patchkey.client.fake.FakeSession;
import dev.patchkey.client.fake.Json;
import dev.patchkey.client.protocol.NodeMessages;
import dev.patchkey.statickey.StaticKey;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Test;

/** A hundred thousand keys on one node. */
class ManyKeysTest extends NodeTest {

    private static final int MANY = 100_000;

    /** As many as the protocol allows in one message. */
    private static final int PART = 1_000;

    /** Of which there are static keys; each edge of one waits for two rebinds. */
    private static final int MADE_ONE_IN = 10;

    private final String prefix = newKey("many").name() + '.';

    @Test
    void eachIsWhatTheSnapshotAndTheChangeSay() {
        fake.script = session -> {
            fake.welcome(session);
            fake.sessions.add(session);
            send(session, true, 20, i -> i % 3 != 0);
        };
        List<StaticKey> early = make(0, MANY / 2);
        ready();
        List<StaticKey> late = make(MANY / 2, MANY);
        assertEach(early, 0, i -> i % 3 != 0);
        assertEach(late, MANY / 2, i -> i % 3 != 0);

        send(fake.session(), false, 21, i -> i % 3 == 0);
        eventuallyApplied();
        assertEach(early, 0, i -> i % 3 == 0);
        assertEach(late, MANY / 2, i -> i % 3 == 0);
    }

    @Test
    void theDeclaredAreToldInMessagesUntilTheBoundOfTheSession() {
        List<StaticKey> keys = new ArrayList<>();
        for (int i = 0; i < NodeMessages.MOST_DECLARED_A_SESSION + 1; i++) {
            keys.add(StaticKey.of(prefix + i));
        }
        try {
            ready();
            eventually(() -> told().size() >= NodeMessages.MOST_DECLARED_A_SESSION);
            pause(Session.DECLARE_EVERY.multipliedBy(2));
            assertThat(told())
                    .as("after the next times that keys are told")
                    .hasSize(NodeMessages.MOST_DECLARED_A_SESSION);
        } finally {
            Reference.reachabilityFence(keys);
        }
    }

    /** The keys that the node has told in this session. */
    private Set<Object> told() {
        Set<Object> told = new HashSet<>();
        for (Map<String, Object> message : fake.session().received("declared")) {
            Map<?, ?> declared = (Map<?, ?>) Objects.requireNonNull(message.get("keys"));
            assertThat(declared.size()).isLessThanOrEqualTo(NodeMessages.MOST_DECLARED);
            told.addAll(declared.keySet());
        }
        return told;
    }

    @Test
    void moreFailuresThanFitAMessageAreNotClaimedAndAllAppliedInTheEnd() {
        int failing = NodeMessages.MOST_EXCEPTED + PART / 2;
        AtomicBoolean fails = new AtomicBoolean(true);
        List<StaticKey> keys = new ArrayList<>();
        List<Object> states = new ArrayList<>();
        for (int i = 0; i < failing; i++) {
            StaticKey key = StaticKey.of(prefix + i);
            key.beforeEnable(() -> {
                if (fails.get()) {
                    throw new IllegalStateException("not yet");
                }
            });
            keys.add(key);
            states.add(FakeService.state(key.name(), 1, 20));
        }
        Patchkey node = ready(options -> options.logger(NoLog.LOGGER));
        for (int from = 0; from < failing; from += PART) {
            fake.session().sendChange(1, 20, states.subList(from, Math.min(failing, from + PART)));
        }
        eventually(() -> node.status().unreboundKeys() == failing);
        assertThat(fake.session().applied()).isLessThan(fake.session().number());

        fails.set(false);
        eventually(() -> node.status().unreboundKeys() == 0);
        assertThat(keys).allMatch(StaticKey::isEnabled);
        eventuallyApplied();
        eventually(() -> Json.list(Objects.requireNonNull(fake.session().lastApplied()), "except")
                .isEmpty());
    }

    private void send(FakeSession session, boolean snapshot, long revision, IntPredicate enabled) {
        for (int from = 0; from < MANY; from += PART) {
            List<Object> part = new ArrayList<>();
            for (int i = from; i < from + PART; i++) {
                part.add(FakeService.state(prefix + i, enabled.test(i) ? 1 : 0, revision));
            }
            if (snapshot) {
                session.sendSnapshot(1, revision, from + PART == MANY, part);
            } else {
                session.sendChange(1, revision, part);
            }
        }
    }

    private List<StaticKey> make(int from, int to) {
        List<StaticKey> keys = new ArrayList<>();
        for (int i = from; i < to; i++) {
            if (i % MADE_ONE_IN == 0) {
                keys.add(StaticKey.of(prefix + i));
            }
        }
        return keys;
    }

    private void assertEach(List<StaticKey> keys, int from, IntPredicate enabled) {
        int i = from;
        for (StaticKey key : keys) {
            while (i % MADE_ONE_IN != 0) { // ends: one in ten is
                i++;
            }
            assertThat(key.name()).isEqualTo(prefix + i);
            assertThat(key.isEnabled()).as(key.name()).isEqualTo(enabled.test(i));
            i++;
        }
    }

    /** A warning for each of many keys is no news to the test. */
    private static final class NoLog extends Quiet {

        static final NoLog LOGGER = new NoLog();

        @Override
        public boolean isLoggable(Level level) {
            return false;
        }
    }
}
