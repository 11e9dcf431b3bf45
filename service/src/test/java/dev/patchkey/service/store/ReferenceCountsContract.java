package dev.patchkey.service.store;

import static dev.patchkey.service.refcount.Commands.on;
import static dev.patchkey.service.refcount.Commands.requested;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.patchkey.service.Invariant;
import dev.patchkey.service.logging.EcsLines;
import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.Commands;
import dev.patchkey.service.refcount.Hold;
import dev.patchkey.service.refcount.Holder;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.KeyState;
import dev.patchkey.service.refcount.NodeStamp;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.refcount.Refusal;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.Incarnations.Numbered;
import dev.patchkey.service.store.ReferenceCounts.Consistency;
import dev.patchkey.service.store.ReferenceCounts.Held;
import dev.patchkey.service.store.ReferenceCounts.HoldCensus;
import dev.patchkey.service.store.ReferenceCounts.Read;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What both stores must do alike. Each test uses keys of its own, so one store serves them all. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class ReferenceCountsContract {
    private static final AtomicInteger KEYS = new AtomicInteger();

    protected abstract ReferenceCounts counts();

    protected abstract Incarnations incarnations();

    /** Has the store believe that the node has been silent for so long. */
    protected abstract void makeSilent(Holder node, Duration time);

    private static String freshKey() {
        return "key-" + KEYS.incrementAndGet();
    }

    private Outcome submit(Command command) {
        return submit(counts(), command);
    }

    protected static Outcome submit(ReferenceCounts counts, Command command) {
        return counts.submit(command).orTimeout(30, TimeUnit.SECONDS).join();
    }

    private Outcome.Done done(Command command) {
        return (Outcome.Done) submit(command);
    }

    private Refusal refused(Command command) {
        return ((Outcome.Refused) submit(command)).refusal();
    }

    private KeyState state(String name) {
        return counts().read(new KeyName(name), Consistency.CLUSTER).state();
    }

    /** Other tests may have had all the lines of a second, which are bounded. */
    @Test
    void theLogTellsOfEachEdgeOnceAndOfNothingElse() throws InterruptedException {
        TimeUnit.MILLISECONDS.sleep(1100);
        String key = freshKey();
        Commands on = on(key);
        try (EcsLines lines = EcsLines.ofEdges()) {
            Outcome.Done enabled = done(requested(on.increment(2), "edge of " + key, "hash"));
            done(on.increment(1));
            done(on.acquire("alice", Duration.ofHours(1)));
            done(on.acquire("alice", Duration.ofHours(2)));
            done(requested(on.increment(2), "edge of " + key, "hash"));
            refused(on.decrement(4));
            done(on.decrement(3));
            Outcome.Done disabled = done(on.release("alice"));
            done(on.release("alice"));
            done(requested(on.increment(2), "edge of " + key, "hash"));
            done(on.delete());
            Outcome.Done again = done(on.acquire("n", new NodeStamp(1, 1, "session")));
            assertThat(lines.of(key))
                    .extracting(line -> line.at("/patchkey/enabled").asBoolean() + " "
                            + line.at("/patchkey/revision").asLong())
                    .containsExactly(
                            "true " + enabled.version().revision(),
                            "false " + disabled.version().revision(),
                            "true " + again.version().revision());
            assertThat(lines.of(key).getLast().at("/patchkey/node").asString(""))
                    .isEqualTo("n");
        }
    }

    @Test
    void theHoldsOfAllKeysAreCountedByKindAndTheOldestAreNamed() {
        HoldCensus before = counts().holds(0);
        assertThat(before.oldest()).isEmpty();
        String older = freshKey();
        String younger = freshKey();
        done(on(older).acquire("alice", Duration.ofHours(1)));
        done(on(older).acquire("n", new NodeStamp(1, 1, "session")));
        done(on(younger).acquire("alice", (Duration) null));
        done(on(younger).increment(1));

        HoldCensus after = counts().holds(10_000);
        assertThat(after.operators()).isEqualTo(before.operators() + 2);
        assertThat(after.nodes()).isEqualTo(before.nodes() + 1);
        assertThat(after.oldest()).hasSize((int) (after.operators() + after.nodes()));
        assertThat(after.oldest()).isSortedAccordingTo(Comparator.comparing(Held::since));
        List<Held> ours = after.oldest().stream()
                .filter(held -> List.of(older, younger).contains(held.key().value()))
                .toList();
        assertThat(ours)
                .extracting(held -> held.key() + " " + held.holder() + " " + held.ofNode() + " "
                        + (held.deadline() == null ? "no end" : Duration.between(held.since(), held.deadline())))
                .containsExactlyInAnyOrder(
                        older + " alice false PT1H", older + " n true no end", younger + " alice false no end");
        assertThat(counts().holds(1).oldest()).containsExactly(after.oldest().getFirst());
        assertThat(counts().holds(1).operators()).isEqualTo(after.operators());

        done(on(older).release("alice"));
        assertThat(counts().holds(0).operators()).isEqualTo(before.operators() + 1);
    }

    @Test
    void changesAreVisibleWhereverOneLooksOnceTheyAreAcknowledged() {
        Commands on = on(freshKey());
        Command increment = on.increment(3);
        Outcome.Done first = done(increment);
        assertThat(first.count()).isEqualTo(3);
        assertThat(first.changed()).isTrue();
        for (Consistency consistency : Consistency.values()) {
            Read read = counts().read(increment.key(), consistency);
            assertThat(read.state().count()).isEqualTo(3);
            assertThat(read.version()).isEqualTo(first.version());
        }
        assertThat(counts().view().get(increment.key())).isEqualTo(new View.Entry(increment.key(), 3, first.version()));
        assertThat(counts().view().version().isAtLeast(first.version())).isTrue();
        Outcome.Done second = done(on.decrement(3));
        assertThat(second.version().isAtLeast(first.version())).isTrue();
        assertThat(second.enabled()).isFalse();
    }

    @Test
    void aKeyThatNobodyHasTouchedIsAbsent() {
        KeyName name = new KeyName(freshKey());
        for (Consistency consistency : Consistency.values()) {
            Read read = counts().read(name, consistency);
            assertThat(read.state()).isEqualTo(KeyState.absent(name));
            assertThat(read.version())
                    .isEqualTo(new Version(counts().view().version().epoch(), 0));
        }
    }

    @Test
    @Invariant(number = "S6", text = "A decrement at 0 is refused and changes nothing")
    void refusalsChangeNothing() {
        Commands on = on(freshKey());
        assertThat(refused(on.decrement(1))).isEqualTo(Refusal.COUNT_BELOW_ZERO);
        assertThat(refused(on.delete())).isEqualTo(Refusal.KEY_UNKNOWN);
        Command some = on.increment(Integer.MAX_VALUE);
        Outcome.Done done = done(some);
        assertThat(refused(on.increment(1))).isEqualTo(Refusal.COUNT_OVERFLOW);
        assertThat(refused(on.delete())).isEqualTo(Refusal.KEY_ENABLED);
        assertThat(counts().read(some.key(), Consistency.STRONG).version()).isEqualTo(done.version());
    }

    @Test
    @Invariant(number = "S4", text = "Revisions of a key are strictly increasing and continue over deletion")
    void deletionContinuesTheRevision() {
        Commands on = on(freshKey());
        done(on.increment(1));
        done(on.decrement(1));
        Outcome.Done deleted = done(on.delete());
        KeyName name = on.delete().key();
        assertThat(counts().read(name, Consistency.STRONG).state().exists()).isFalse();
        assertThat(counts().list(name.value(), null, 10, Consistency.CLUSTER).reads())
                .isEmpty();
        View.Entry entry = Objects.requireNonNull(counts().view().get(name));
        assertThat(entry.count()).isZero();
        assertThat(entry.version()).isEqualTo(deleted.version());
        Outcome.Done again = done(on.increment(1));
        assertThat(again.version().revision()).isGreaterThan(deleted.version().revision());
        assertThat(again.count()).isEqualTo(1);
    }

    @Test
    void holdsAreAcquiredRenewedAndReleased() {
        String name = freshKey();
        Commands on = on(name);
        Outcome.Done acquired = done(on.acquire("alice", Duration.ofMinutes(30)));
        Hold hold = Objects.requireNonNull(state(name).holds().get(new Holder("alice")));
        assertThat(hold.reason()).isEqualTo("for a test");
        assertThat(hold.deadline()).isEqualTo(hold.since().plus(Duration.ofMinutes(30)));
        Outcome.Done renewed = done(on.acquire("alice", Duration.ofMinutes(60)));
        assertThat(renewed).isEqualTo(new Outcome.Done(1, acquired.version(), false));
        Hold longer = Objects.requireNonNull(state(name).holds().get(new Holder("alice")));
        assertThat(longer.deadline()).isAfter(hold.deadline());
        assertThat(longer.since()).isEqualTo(hold.since());
        for (Consistency consistency : Consistency.values()) {
            assertThat(counts().read(new KeyName(name), consistency).state()).isEqualTo(state(name));
        }
        assertThat(done(on.release("alice")).changed()).isTrue();
        assertThat(done(on.release("alice")).changed()).isFalse();
        assertThat(state(name).holds()).isEmpty();
    }

    @Test
    void aNodesHoldsAreOrderedByTheirStamps() {
        String name = freshKey();
        Commands on = on(name);
        done(on.acquire("node", new NodeStamp(1, 1, "s")));
        done(on.acquire("node", new NodeStamp(1, 1, "t")));
        assertThat(Objects.requireNonNull(state(name).holds().get(new Holder("node")))
                        .node())
                .isEqualTo(new NodeStamp(1, 1, "t"));
        assertThat(done(on.expire("node", "s")).changed()).isFalse();
        done(on.release("node", new NodeStamp(1, 2, "t")));
        assertThat(refused(on.acquire("node", new NodeStamp(1, 1, "s")))).isEqualTo(Refusal.OPERATION_SUPERSEDED);
        assertThat(done(on.acquire("node", new NodeStamp(2, 1, "u"))).changed()).isTrue();
        assertThat(done(on.expire("node", "u")).changed()).isTrue();
        assertThat(refused(on.acquire("node", new NodeStamp(2, 1, "u")))).isEqualTo(Refusal.OPERATION_SUPERSEDED);
    }

    @Test
    @Invariant(number = "S7", text = "Leases end holds within the lease and a bounded delay")
    void operatorsHoldsEndByThemselves() {
        String name = freshKey();
        done(on(name).acquire("brief", Duration.ofMillis(300)));
        done(on(name).acquire("long", Duration.ofMinutes(5)));
        await().atMost(Duration.ofSeconds(6))
                .untilAsserted(() -> assertThat(state(name).holds()).containsOnlyKeys(new Holder("long")));
        assertThat(Objects.requireNonNull(state(name).last()).actor()).isEqualTo(ExpirySweep.ACTOR);
    }

    @Test
    @Invariant(
            number = "S1",
            text = "Nothing acknowledged is doubled: a retry with the same Idempotency-Key is not done twice")
    void aRetryGetsTheFirstAnswer() {
        String name = freshKey();
        Command increment = requested(on(name).increment(2), "request of " + name, "hash");
        Outcome first = submit(increment);
        done(on(name).increment(1));
        assertThat(submit(increment)).isEqualTo(first);
        assertThat(state(name).count()).isEqualTo(3);
        Command other = requested(on(name).increment(5), "request of " + name, "another hash");
        assertThat(refused(other)).isEqualTo(Refusal.REQUEST_REUSED);
        assertThat(state(name).count()).isEqualTo(3);
    }

    @Test
    void aRefusalIsRememberedToo() {
        String name = freshKey();
        Command decrement = requested(on(name).decrement(1), "request of " + name, "hash");
        assertThat(refused(decrement)).isEqualTo(Refusal.COUNT_BELOW_ZERO);
        done(on(name).increment(1));
        assertThat(refused(decrement)).isEqualTo(Refusal.COUNT_BELOW_ZERO);
        assertThat(state(name).count()).isEqualTo(1);
    }

    @Test
    @Invariant(number = "S1", text = "Nothing acknowledged is doubled, in one batch either")
    void theSameRequestTwiceAtOnceIsDoneOnce() {
        String name = freshKey();
        Command increment = requested(on(name).increment(1), "request of " + name, "hash");
        List<CompletableFuture<Outcome>> all = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            all.add(counts().submit(increment));
        }
        assertThat(all.stream().map(CompletableFuture::join).distinct()).hasSize(1);
        assertThat(state(name).count()).isEqualTo(1);
    }

    @Test
    @Invariant(number = "S1", text = "Nothing acknowledged is lost or doubled")
    void manyThreadsOnOneKeyAreCountedExactly() throws Exception {
        String name = freshKey();
        Commands on = on(name);
        int threads = 16;
        int rounds = 150;
        AtomicInteger expected = new AtomicInteger();
        List<Outcome.Done> changes = Collections.synchronizedList(new ArrayList<>());
        List<View.Entry> told = new CopyOnWriteArrayList<>();
        try (View.Subscription subscription = subscribe(name, told);
                ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            assertThat(subscription).isNotNull();
            List<Future<?>> all = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                String holder = "holder-" + t;
                all.add(pool.submit(() -> {
                    for (int i = 0; i < rounds; i++) {
                        Command command = switch (i % 4) {
                            case 0 -> on.increment(2);
                            case 1 -> on.decrement(1);
                            case 2 -> on.acquire(holder, (Duration) null);
                            default -> on.release(holder);
                        };
                        Outcome outcome = submit(command);
                        if (outcome instanceof Outcome.Done done) {
                            assertThat(done.changed()).isTrue();
                            changes.add(done);
                            expected.addAndGet(i % 4 == 0 ? 2 : i % 4 == 2 ? 1 : -1);
                        }
                    }
                }));
            }
            for (Future<?> each : all) {
                each.get(60, TimeUnit.SECONDS);
            }
            assertThat(state(name).count()).isEqualTo(expected.get());
            assertThat(changes).hasSize(threads * rounds);
            assertThat(changes.stream().map(Outcome.Done::version).distinct()).hasSize(changes.size());
            changes.sort(Comparator.comparing(Outcome.Done::version));
            assertThat(counts().read(new KeyName(name), Consistency.STRONG).version())
                    .isEqualTo(changes.getLast().version());
            assertThat(told).isSortedAccordingTo(Comparator.comparing(View.Entry::version));
            assertThat(told.getLast())
                    .isEqualTo(new View.Entry(
                            new KeyName(name), expected.get(), changes.getLast().version()));
        }
    }

    private View.Subscription subscribe(String name, List<View.Entry> told) {
        return counts().view().subscribe(new View.Listener() {
            @Override
            public void changed(View.Entry entry) {
                if (entry.key().value().equals(name)) {
                    told.add(entry);
                }
            }

            @Override
            public void replaced(Version version) {}
        });
    }

    @Test
    @Invariant(
            number = "S4",
            text = "Revisions order the changes of a key identically for all observers, and by commit")
    void anAnswerThatComesLaterHasTheHigherRevision() {
        Commands on = on(freshKey());
        Version last = new Version(0, 0);
        for (int i = 0; i < 50; i++) {
            Version next = done(on.increment(1)).version();
            assertThat(next).isGreaterThan(last);
            last = next;
        }
    }

    @Test
    void refusedMembersOfABatchLeaveTheOthersAlone() {
        String name = freshKey();
        Commands on = on(name);
        List<CompletableFuture<Outcome>> all = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            all.add(counts().submit(on.increment(1)));
            all.add(counts().submit(on.decrement(1000)));
        }
        List<Outcome> outcomes = all.stream().map(CompletableFuture::join).toList();
        assertThat(outcomes.stream().filter(Outcome.Refused.class::isInstance)).hasSize(100);
        assertThat(state(name).count()).isEqualTo(100);
    }

    @Test
    void aSnapshotAndTheNewsAfterItMissNothing() {
        String name = freshKey();
        done(on(name).increment(1));
        List<View.Entry> told = new CopyOnWriteArrayList<>();
        View.Subscription subscription = subscribe(name, told);
        View.Snapshot snapshot = counts().view().snapshot();
        assertThat(snapshot.entries()).isSortedAccordingTo(Comparator.comparing(View.Entry::key));
        assertThat(snapshot.entries()).anyMatch(entry -> entry.key().value().equals(name) && entry.count() == 1);
        Outcome.Done second = done(on(name).increment(1));
        assertThat(told).contains(new View.Entry(new KeyName(name), 2, second.version()));
        subscription.close();
        subscription.close();
        done(on(name).increment(1));
        assertThat(told).noneMatch(entry -> entry.count() == 3);
    }

    @ParameterizedTest
    @EnumSource
    void listsAreOrderedAndPaged(Consistency consistency) {
        String prefix = freshKey() + ".";
        List<String> names = new ArrayList<>();
        for (String suffix : List.of("b", "a", "a-1", "a.1", "a_1", "z0", "c", "gone")) {
            names.add(prefix + suffix);
            done(on(prefix + suffix).increment(1));
        }
        done(on(prefix + "gone").decrement(1));
        done(on(prefix + "gone").delete());
        names.remove(prefix + "gone");
        Collections.sort(names);
        List<String> found = new ArrayList<>();
        List<Read> page = counts().list(prefix, null, 3, consistency).reads();
        while (!page.isEmpty()) {
            assertThat(page).hasSizeLessThanOrEqualTo(3);
            page.forEach(read -> found.add(read.state().key().value()));
            page = counts().list(prefix, page.getLast().state().key(), 3, consistency)
                    .reads();
        }
        assertThat(found).isEqualTo(names);
        assertThat(counts().list("", new KeyName(prefix + "z0"), 1000, consistency)
                        .reads())
                .noneMatch(read -> read.state().key().value().startsWith(prefix));
    }

    @Test
    void findsWhatAHolderHolds() {
        Holder holder = new Holder("holder-of-" + freshKey());
        String one = freshKey();
        String two = freshKey();
        done(on(one).acquire(holder.value(), new NodeStamp(1, 1, "s")));
        done(on(two).acquire(holder.value(), (Duration) null));
        done(on(freshKey()).acquire("somebody-else", (Duration) null));
        assertThat(counts().heldBy(holder).stream()
                        .map(read -> read.state().key().value()))
                .containsExactlyInAnyOrder(one, two);
        done(on(two).release(holder.value()));
        assertThat(counts().heldBy(holder))
                .singleElement()
                .satisfies(read -> assertThat(read.state().holds().get(holder)).isNotNull());
    }

    @Test
    void laterLivesOfANodeSupersedeEarlierOnesForGood() {
        Holder node = new Holder("node-" + freshKey());
        Numbered.Current first = (Numbered.Current) incarnations().number("p", node, "uuid-1");
        assertThat(first.isNew()).isTrue();
        assertThat(first.number()).isPositive();
        assertThat(incarnations().number("p", node, "uuid-1")).isEqualTo(new Numbered.Current(first.number(), false));
        Numbered.Current second = (Numbered.Current) incarnations().number("p", node, "uuid-2");
        assertThat(second.number()).isGreaterThan(first.number());
        assertThat(incarnations().number("p", node, "uuid-1")).isInstanceOf(Numbered.Refused.class);
        assertThat(incarnations().number("q", node, "uuid-3")).isInstanceOf(Numbered.Refused.class);
        assertThat(incarnations().number("p", node, "uuid-2")).isEqualTo(new Numbered.Current(second.number(), false));
    }

    @Test
    void askingAfterAnIncarnationWritesNothing() {
        Holder node = new Holder("node-" + freshKey());
        assertThat(incarnations().find("p", node, "uuid-1")).isInstanceOf(Numbered.Unknown.class);
        // The question has not taken the node's id for its principal.
        Numbered.Current first = (Numbered.Current) incarnations().number("q", node, "uuid-1");
        assertThat(first.isNew()).isTrue();
        assertThat(incarnations().find("q", node, "uuid-1")).isEqualTo(new Numbered.Current(first.number(), false));
        assertThat(incarnations().find("q", node, "uuid-2")).isInstanceOf(Numbered.Unknown.class);
        assertThat(incarnations().find("p", node, "uuid-1")).isInstanceOf(Numbered.Refused.class);
        // Nor has it superseded the current life.
        assertThat(incarnations().number("q", node, "uuid-1")).isEqualTo(new Numbered.Current(first.number(), false));
        incarnations().number("q", node, "uuid-2");
        assertThat(incarnations().find("q", node, "uuid-1")).isInstanceOf(Numbered.Refused.class);
    }

    private void forgetAll() {
        int rounds = 0;
        // Those too that other tests have left.
        while (incarnations().forget(Duration.ofSeconds(-1), Incarnations.LARGEST_PART) > 0) {
            assertThat(rounds++).isLessThan(1000);
        }
    }

    @Test
    void aNodeThatIsForgottenIsNewAndNumberedAboveAllThatAreForgotten() {
        Holder node = new Holder("node-" + freshKey());
        incarnations().number("p", node, "uuid-1");
        incarnations().number("p", node, "uuid-2");
        Numbered.Current third = (Numbered.Current) incarnations().number("p", node, "uuid-3");
        Commands on = on(freshKey());
        done(on.acquire(node.value(), new NodeStamp(third.number(), 7, "s")));
        forgetAll();
        assertThat(incarnations().find("p", node, "uuid-3")).isInstanceOf(Numbered.Unknown.class);
        assertThat(incarnations().mayHaveNumbered()).isTrue();
        // By a life that was superseded, and another caller's.
        Numbered.Current again = (Numbered.Current) incarnations().number("q", node, "uuid-1");
        assertThat(again.isNew()).isTrue();
        assertThat(again.number()).isGreaterThan(third.number());
        Numbered.Current other =
                (Numbered.Current) incarnations().number("p", new Holder("node-" + freshKey()), "uuid-1");
        assertThat(other.number()).isGreaterThan(third.number());
        // And supersedes as ever: nothing of the forgotten lives is taken for later than it.
        assertThat(incarnations().number("q", node, "uuid-4")).isInstanceOf(Numbered.Current.class);
        assertThat(incarnations().number("q", node, "uuid-1")).isInstanceOf(Numbered.Refused.class);
        done(on.acquire(node.value(), new NodeStamp(again.number(), 1, "t")));
        assertThat(refused(on.acquire(node.value(), new NodeStamp(third.number(), 8, "s"))))
                .isEqualTo(Refusal.OPERATION_SUPERSEDED);
    }

    /** Forgets all that have been silent for the shortest time. */
    private void forgetSilent() {
        int found = Incarnations.LARGEST_PART;
        while (found > 0) {
            found = incarnations().forget(Incarnations.SHORTEST_SILENCE, Incarnations.LARGEST_PART);
        }
    }

    private Holder silentNode() {
        Holder node = new Holder("node-" + freshKey());
        incarnations().number("p", node, "uuid-1");
        incarnations().number("p", node, "uuid-2");
        makeSilent(node, Incarnations.SHORTEST_SILENCE.plusHours(1));
        return node;
    }

    @Test
    void aNodeIsForgottenWhenItHasBeenSilentAndNotBefore() {
        Holder silent = silentNode();
        Holder late = new Holder("node-" + freshKey());
        incarnations().number("p", late, "uuid-1");
        makeSilent(late, Incarnations.SHORTEST_SILENCE.minusHours(1));
        forgetSilent();
        assertThat(incarnations().find("p", silent, "uuid-2")).isInstanceOf(Numbered.Unknown.class);
        assertThat(incarnations().find("p", late, "uuid-1")).isInstanceOf(Numbered.Current.class);
    }

    @Test
    void aNodeThatIsHeardOfIsNotForgotten() {
        Holder heard = silentNode();
        Holder unknown = new Holder("node-" + freshKey());
        incarnations().heard(List.of(heard, unknown));
        forgetSilent();
        assertThat(incarnations().find("p", heard, "uuid-2")).isInstanceOf(Numbered.Current.class);
        assertThat(incarnations().number("p", heard, "uuid-1")).isInstanceOf(Numbered.Refused.class);
        assertThat(incarnations().find("p", unknown, "uuid-1")).isInstanceOf(Numbered.Unknown.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"uuid-1", "uuid-2", "uuid-3"})
    void aNodeOneOfWhoseLivesShowsItselfIsNotForgotten(String life) {
        Holder node = silentNode();
        Numbered shown = incarnations().number("p", node, life);
        assertThat(shown instanceof Numbered.Refused).isEqualTo(life.equals("uuid-1"));
        forgetSilent();
        assertThat(incarnations().number("p", node, "uuid-1")).isInstanceOf(Numbered.Refused.class);
    }

    @Test
    void whoAsksForTheNodeOfAnotherDoesNotKeepItThere() {
        Holder node = silentNode();
        assertThat(incarnations().number("q", node, "uuid-9")).isInstanceOf(Numbered.Refused.class);
        forgetSilent();
        assertThat(incarnations().find("p", node, "uuid-2")).isInstanceOf(Numbered.Unknown.class);
    }

    @Test
    void noMoreAreForgottenAtOnceThanMayBe() {
        forgetAll();
        List<Holder> all = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            Holder node = new Holder("node-" + freshKey());
            incarnations().number("p", node, "uuid-1");
            all.add(node);
        }
        assertThat(incarnations().forget(Duration.ofSeconds(-1), 2)).isEqualTo(2);
        assertThat(all)
                .filteredOn(node -> incarnations().find("p", node, "uuid-1") instanceof Numbered.Unknown)
                .hasSize(2);
    }

    @Test
    void manyNodesAreNumberedAtOnce() throws Exception {
        try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            String prefix = "crowd-" + freshKey() + "-";
            List<Future<Numbered>> all = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                Holder node = new Holder(prefix + i % 100);
                String life = "life-" + i / 100;
                all.add(pool.submit(() -> incarnations().number("p", node, life)));
            }
            for (Future<Numbered> each : all) {
                assertThat(each.get(30, TimeUnit.SECONDS)).isInstanceOf(Numbered.Current.class);
            }
        }
    }
}
