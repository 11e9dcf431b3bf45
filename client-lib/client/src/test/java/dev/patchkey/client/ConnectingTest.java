package dev.patchkey.client;

import static dev.patchkey.client.Status.Phase.CLOSED;
import static dev.patchkey.client.Status.Phase.CONNECTING;
import static dev.patchkey.client.Status.Phase.READY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.patchkey.client.fake.FakeService;
import dev.patchkey.client.fake.Json;
import dev.patchkey.statickey.StaticKey;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** What a node does from its start to its end when nobody misbehaves but the network. */
class ConnectingTest extends NodeTest {

    @Test
    void theFirstSnapshotEnablesWhatIsEnabled() {
        StaticKey on = newKey("on");
        StaticKey off = newKey("off");
        fake.set(on.name(), 2);
        fake.set(off.name(), 0);

        Patchkey node = ready();

        assertThat(on.isEnabled()).isTrue();
        assertThat(on.count()).isEqualTo(2);
        assertThat(off.isEnabled()).isFalse();
        assertThat(node.status().phase()).isEqualTo(READY);
        assertThat(node.status().revision()).isEqualTo(fake.revision());
        assertThat(node.status().pod()).isEqualTo("fake-0");
    }

    @Test
    void aKeyDeclaredAfterItWasEnabledStartsEnabled() {
        String name = newKey("unused").name() + ".late";
        fake.set(name, 1);
        ready();

        assertThat(StaticKey.of(name).isEnabled()).isTrue();
    }

    @Test
    void changesAreAppliedAndConfirmed() {
        StaticKey key = newKey("change");
        ready();

        fake.set(key.name(), 1);
        eventually(key::isEnabled);
        eventuallyApplied();
        fake.set(key.name(), 0);
        eventually(() -> !key.isEnabled());
        eventuallyApplied();
    }

    @Test
    void aServiceThatIsAwayIsToldClearlyAndWaitedFor() {
        fake.close();
        fake = FakeService.away();
        StaticKey key = newKey("away");
        fake.set(key.name(), 1);
        Patchkey node = start(UnaryOperator.identity());

        assertThat(node.awaitReady(Duration.ofMillis(300))).isFalse();
        assertThat(key.isEnabled()).isFalse();
        eventually(() -> node.status().attempts() > 0);
        Status away = node.status();
        assertThat(away.phase()).isEqualTo(CONNECTING);
        assertThat(away.lastError()).contains("cannot connect: ConnectException");
        assertThat(away.toString())
                .contains("is connecting to the service, since ")
                .contains("failed attempt")
                .contains("cannot connect")
                .contains("applied up to revision 0 of epoch 0, 0 keys held");
        assertThatThrownBy(() -> node.acquire(key, Duration.ofMillis(100)))
                .isInstanceOf(UnavailableException.class)
                .hasMessageContaining("cannot connect");

        fake.appear();

        assertThat(node.awaitReady(LONG)).isTrue();
        assertThat(key.isEnabled()).isTrue();
        assertThat(node.status().attempts()).isZero();
        assertThat(node.status().lastError()).isNull();
    }

    @Test
    void anOutageIsLoggedOnceAndNotOncePerAttempt() {
        fake.close();
        fake = FakeService.away();
        Quiet log = new Quiet();
        Patchkey node = start(options -> options.logger(log));

        eventually(() -> node.status().attempts() >= 4);
        assertThat(log.lines).hasSize(1);
        assertThat(log.lines.get(0))
                .contains("has no connection to " + fake.uri())
                .contains("read as disabled");

        fake.appear();
        assertThat(node.awaitReady(LONG)).isTrue();
        eventually(() -> log.lines.size() == 2);
        assertThat(log.lines.get(1)).contains("connected again");
    }

    @Test
    void aLostConnectionComesBackWithTheHeldKeysInItsHello() {
        StaticKey key = newKey("held");
        Patchkey node = ready();
        try (Hold hold = node.acquire(key)) {
            long operation = fake.acquires(key.name()).get(0).operation();
            long revision = fake.revision();
            eventuallyApplied();

            fake.session().drop();
            eventually(() -> fake.sessions.size() == 2 && node.status().phase() == READY);

            Map<String, Object> hello = fake.session().hello;
            assertThat(Json.write(Json.list(hello, "held")))
                    .isEqualTo("[{\"key\":\"" + key.name() + "\",\"operation\":" + operation + "}]");
            assertThat(Json.write(hello.get("known"))).isEqualTo("{\"epoch\":1,\"revision\":" + revision + "}");
            assertThat(hello.get("incarnation"))
                    .isEqualTo(fake.sessions.get(0).hello.get("incarnation"));
            assertThat(hold.isLive()).isTrue();
            assertThat(key.isEnabled()).isTrue();
            assertThat(fake.acquires(key.name())).hasSize(1);
        }
    }

    @Test
    void aChangeMissedWhileAwayComesWithTheSnapshot() {
        StaticKey on = newKey("on");
        StaticKey gone = newKey("gone");
        fake.set(gone.name(), 1);
        Patchkey node = ready();
        assertThat(gone.isEnabled()).isTrue();

        fake.vanish();
        eventually(() -> node.status().phase() == CONNECTING);
        assertThat(gone.isEnabled())
                .as("a key keeps its state while the node is away")
                .isTrue();
        fake.set(on.name(), 1);
        fake.set(gone.name(), 0);
        fake.appear();

        eventually(() -> on.isEnabled() && !gone.isEnabled());
    }

    @Test
    void aSnapshotOfANewEpochReplacesEverything() {
        StaticKey key = newKey("epoch");
        fake.set(key.name(), 1);
        Patchkey node = ready();
        assertThat(key.isEnabled()).isTrue();

        fake.wipe();
        fake.session().drop();

        eventually(() -> !key.isEnabled());
        eventually(() -> node.status().epoch() == 2);
        assertThat(node.status().revision()).isEqualTo(1);
    }

    @Test
    void aNewEpochIsANewSessionWithTheHeldKeysInItsHello() {
        StaticKey kept = newKey("kept");
        StaticKey lost = newKey("lost");
        StaticKey gone = newKey("gone");
        fake.set(gone.name(), 3);
        Patchkey node = ready();
        Hold keeps = node.acquire(kept);
        Hold loses = node.acquire(lost);
        assertThat(gone.isEnabled()).isTrue();

        fake.wipe();
        fake.notAgain.add(lost.name());
        fake.session()
                .sendRaw("{\"type\":\"error\",\"code\":4410,\"problem\":\"new-epoch\",\"detail\":\"say hello again\"}");
        fake.session().close(4410, "say hello again");

        eventually(() -> fake.sessions.size() == 2 && node.status().phase() == READY);
        assertThat(node.status().epoch()).isEqualTo(2);
        assertThat(Json.list(fake.session().hello, "held")).hasSize(2);
        assertThat(keeps.isLive() && kept.isEnabled()).isTrue();
        assertThat(loses.isLive()).as("the welcome does not name it").isFalse();
        assertThat(lost.isEnabled()).isFalse();
        assertThat(gone.count()).as("no part of the snapshot names it").isZero();
        assertThat(fake.acquires(kept.name())).as("the hello has acquired it").hasSize(1);
        keeps.close();
        eventually(() -> fake.count(kept.name()) == 0);
        eventually(() -> !kept.isEnabled());
    }

    @Test
    void aJvmThatHasSeenANewerEpochThanTheServiceSaysSo() {
        StaticKey key = newKey("older");
        fake.wipe();
        fake.set(key.name(), 1);
        ready().close();
        assertThat(key.isEnabled()).isTrue();
        try (FakeService older = FakeService.start()) {
            older.script = session -> {
                var known = (Map<?, ?>) session.hello.get("known");
                if (known != null && Json.number(known, "epoch") > older.epoch) {
                    session.sendRaw("{\"type\":\"behind\",\"epoch\":1,\"revision\":10}");
                    session.close(4503, "behind");
                } else {
                    older.welcome(session);
                    older.snapshot(session);
                }
            };
            NodeBuilder builder = (NodeBuilder) Patchkey.builder(older.uri()).logger(Quiet.LOGGER);
            try (Patchkey node = builder.start()) {
                eventually(() -> node.status().attempts() > 0);
                assertThat(node.status().phase()).isEqualTo(CONNECTING);
                assertThat(node.status().lastError())
                        .contains("this JVM has seen epoch")
                        .contains("the service is at epoch 1");
                assertThat(node.status().epoch()).isGreaterThanOrEqualTo(2);
            }
        }
    }

    @Test
    void anotherUriIsTriedWhenTheFirstIsSilentOrAway() {
        StaticKey key = newKey("uris");
        fake.silent = true;
        try (FakeService other = FakeService.start();
                FakeService absent = FakeService.away()) {
            other.set(key.name(), 1);
            Patchkey node = start(options ->
                    options.service(absent.uri()).service(other.uri()).connectTimeout(Duration.ofMillis(300)));
            assertThat(node.awaitReady(LONG)).isTrue();
            assertThat(key.isEnabled()).isTrue();
            node.close();
        }
    }

    @Test
    void theTokenIsAskedForAnewAndSentWithTheUpgradeAndWithRequests() {
        StaticKey key = newKey("token");
        int[] asked = new int[1];
        Patchkey node = ready(options -> options.bearerToken(() -> {
            if (asked[0]++ == 0) {
                throw new IllegalStateException("no token yet");
            }
            return "t" + asked[0];
        }));
        assertThat(fake.upgrades.get(0)).containsEntry("authorization", "Bearer t2");
        assertThat(fake.upgrades.get(0)).containsEntry("sec-websocket-protocol", "patchkey.v1");
        node.acquire(key).close();
    }

    @Test
    void aTokenThatTakesItsTimeHoldsUpNoHeartbeat() {
        StaticKey key = newKey("token");
        CountDownLatch gate = new CountDownLatch(1);
        List<String> threads = new CopyOnWriteArrayList<>();
        // So slow that a busy machine makes no pod look dead, since reconnecting would ask for a token too.
        fake.heartbeatMillis = 700;
        Patchkey node = ready(options -> options.bearerToken(() -> {
            threads.add(Thread.currentThread().getName());
            if (threads.size() > 1) {
                pass(gate);
            }
            return "token";
        }));
        CompletableFuture<Hold> acquiring = inThread(() -> node.acquire(key, LONG));
        eventually(() -> threads.size() == 2);
        int before = fake.session().received("heartbeat").size();
        eventually(() -> fake.session().received("heartbeat").size() > before + 1);
        gate.countDown();
        assertThat(get(acquiring).isLive()).isTrue();
        assertThat(threads).noneMatch(thread -> thread.equals("patchkey-channel"));
    }

    @Test
    void declaredKeysAreToldAfterTheSnapshotAndThenOnlyNewOnes() {
        StaticKey first = newKey("declared");
        ready();
        eventually(() -> !fake.session().received("declared").isEmpty());
        assertThat(Json.write(fake.session().received("declared").get(0))).contains("\"" + first.name() + "\":1");

        StaticKey second = newKey("declared");
        var unused = second.select("off", "on");
        eventually(() -> fake.session().received("declared").size() > 1);
        assertThat(Json.write(fake.session().received("declared").get(1).get("keys")))
                .isEqualTo("{\"" + second.name() + "\":2}");
    }

    @Test
    void theHelloSaysWhatTheBuilderWasTold() {
        Patchkey node = ready(options -> options.node("node-1")
                .applicationVersion("2.4.1")
                .prefixes(List.of("test.", "other."))
                .stalePolicy(StalePolicy.DISABLE));
        Map<String, Object> hello = fake.session().hello;
        assertThat(hello)
                .containsEntry("node", "node-1")
                .containsEntry("application", "test")
                .containsEntry("version", "2.4.1")
                .containsEntry("prefixes", List.of("test.", "other."))
                .containsEntry("stalePolicy", "disable")
                .doesNotContainKey("known");
        assertThatThrownBy(() -> node.acquire(StaticKey.of("elsewhere.key")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("prefixes");
    }

    @Test
    void closingSaysByeEndsTheHoldsAndIsDoneOnce() {
        StaticKey key = newKey("bye");
        Patchkey node = ready();
        Hold hold = node.acquire(key);

        node.close();
        node.close();

        assertThat(fake.session().received("bye")).hasSize(1);
        assertThat(fake.count(key.name())).isZero();
        assertThat(hold.isLive()).isFalse();
        assertThat(node.status().phase()).isEqualTo(CLOSED);
        assertThat(node.awaitReady(LONG)).isFalse();
        assertThatThrownBy(() -> node.acquire(key)).isInstanceOf(IllegalStateException.class);
        assertThat(fake.releases(key.name()))
                .as("the bye ends the holds, no request does")
                .isEmpty();
    }

    @Test
    void aListenerThatComesAfterTheEndIsNotKept() {
        Patchkey node = ready();
        node.close();
        for (int i = 0; i <= Listeners.MOST; i++) {
            assertThat(node.onChange(change -> {})).as("no bound is met").isNotNull();
        }
    }

    @Test
    void closingIsBoundedWhenThePodIsGoneOrSilent() {
        Patchkey node = ready();
        fake.vanish();
        long start = System.nanoTime();
        node.close();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
    }

    @Test
    void closingWakesThreadsThatWait() {
        StaticKey key = newKey("waiting");
        fake.onHold = request -> {
            pause(Duration.ofSeconds(2));
            return null;
        };
        Patchkey node = ready();
        CompletableFuture<Hold> waiting = inThread(() -> node.acquire(key));
        eventually(() -> !fake.acquires(key.name()).isEmpty());
        node.close();
        assertThat(failure(waiting)).isInstanceOf(UnavailableException.class).hasMessageContaining("closed");
    }

    @Test
    void onlyOneIsOpenAtATime() {
        Patchkey node = ready();
        assertThatThrownBy(() -> Patchkey.builder(fake.uri()).start()).isInstanceOf(IllegalStateException.class);
        node.close();
        ready();
    }

    @Test
    void anInterruptEndsTheWaitForReadiness() {
        fake.close();
        fake = FakeService.away();
        Patchkey node = start(UnaryOperator.identity());
        CompletableFuture<Boolean> waiting = inThread(() -> {
            Thread.currentThread().interrupt();
            boolean ready = node.awaitReady(LONG);
            return !ready && Thread.interrupted();
        });
        assertThat(get(waiting)).isTrue();
    }
}
