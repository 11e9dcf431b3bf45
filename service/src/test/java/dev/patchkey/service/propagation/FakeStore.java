package dev.patchkey.service.propagation;

import dev.patchkey.service.refcount.Action;
import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.Holder;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.KeyState;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.refcount.RefCounts;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.Incarnations;
import dev.patchkey.service.store.ReferenceCounts;
import dev.patchkey.service.store.Stale;
import dev.patchkey.service.store.StoreUnavailableException;
import dev.patchkey.service.store.View;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** A store in memory that decides by the real core; its view is told of each change before the submit returns. */
public final class FakeStore implements ReferenceCounts, Incarnations, View {

    private final Map<KeyName, KeyState> states = new TreeMap<>();
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();
    private final Map<String, List<String>> incarnations = new HashMap<>();
    private final boolean ordered;
    private long epoch = 1;
    private long revision;

    /** Called after a snapshot is taken and before it is returned. */
    public volatile Runnable afterSnapshot = () -> {};
    /** The broken variant that ends holds whatever session they live on. */
    public volatile boolean expiresUnconditionally;

    public volatile boolean unavailable;

    /** How many nodes there are to be forgotten. */
    public int silent;

    /** What it was told of nodes, in its order. */
    public final List<String> memory = new CopyOnWriteArrayList<>();

    /** What it says of its own memory. */
    public volatile @Nullable Stale stale;

    public FakeStore() {
        this(true);
    }

    public FakeStore(boolean ordered) {
        this.ordered = ordered;
    }

    /** Adds references. */
    public Version increment(String key) {
        return done(new Action.Increment(1), key);
    }

    /** Takes one away. */
    public Version decrement(String key) {
        return done(new Action.Decrement(1), key);
    }

    private Version done(Action action, String key) {
        Outcome outcome = submit(new Command(new KeyName(key), action, "test", null, null))
                .join();
        return ((Outcome.Done) outcome).version();
    }

    /** The count of a key. */
    public synchronized int count(String key) {
        KeyState state = states.get(new KeyName(key));
        return state == null ? 0 : state.count();
    }

    /** Everything is replaced by nothing. */
    public synchronized void newEpoch() {
        epoch++;
        revision = 0;
        states.clear();
        listeners.forEach(listener -> listener.replaced(version()));
    }

    @Override
    public synchronized CompletableFuture<Outcome> submit(Command command) {
        if (unavailable) {
            return CompletableFuture.failedFuture(new StoreUnavailableException("the test says so"));
        }
        KeyState before = states.getOrDefault(command.key(), KeyState.absent(command.key()));
        long next = ordered ? revision + 1 : before.revision() + 1;
        RefCounts.Decision decision =
                RefCounts.apply(before, broken(command, before), new RefCounts.Moment(Instant.EPOCH, epoch, next));
        states.put(command.key(), decision.state());
        if (decision.outcome() instanceof Outcome.Done done && done.changed()) {
            revision = Math.max(revision, next);
            listeners.forEach(listener -> listener.changed(entry(decision.state())));
        }
        return CompletableFuture.completedFuture(decision.outcome());
    }

    private Command broken(Command command, KeyState state) {
        if (expiresUnconditionally && command.action() instanceof Action.Expire expire) {
            var hold = state.holds().get(expire.holder());
            String session =
                    hold == null || hold.node() == null ? null : hold.node().session();
            return new Command(command.key(), new Action.Expire(expire.holder(), session), command.actor(), null, null);
        }
        return command;
    }

    private Entry entry(KeyState state) {
        return new Entry(state.key(), state.count(), new Version(epoch, state.revision()));
    }

    @Override
    public synchronized Read read(KeyName key, Consistency consistency) {
        KeyState state = states.getOrDefault(key, KeyState.absent(key));
        return new Read(state, new Version(epoch, state.revision()));
    }

    @Override
    public synchronized Page list(String prefix, @Nullable KeyName after, int limit, Consistency consistency) {
        List<Read> reads = states.values().stream()
                .filter(KeyState::exists)
                .filter(state -> state.key().value().startsWith(prefix))
                .filter(state -> after == null || state.key().compareTo(after) > 0)
                .limit(limit)
                .map(state -> new Read(state, new Version(epoch, state.revision())))
                .toList();
        return new Page(reads, version(), null);
    }

    @Override
    public synchronized List<Read> heldBy(Holder holder) {
        if (unavailable) {
            throw new StoreUnavailableException("the test says so");
        }
        return states.values().stream()
                .filter(state -> state.holds().containsKey(holder))
                .map(state -> new Read(state, new Version(epoch, state.revision())))
                .toList();
    }

    @Override
    public synchronized HoldCensus holds(int limit) {
        if (unavailable) {
            throw new StoreUnavailableException("the test says so");
        }
        List<Held> all = states.values().stream()
                .flatMap(state -> state.holds().values().stream()
                        .map(hold -> new Held(
                                state.key(), hold.holder(), hold.node() != null, hold.since(), hold.deadline())))
                .sorted(Comparator.comparing(Held::since))
                .toList();
        long nodes = all.stream().filter(Held::ofNode).count();
        return new HoldCensus(
                all.size() - nodes, nodes, all.stream().limit(limit).toList());
    }

    @Override
    public List<HistoryLine> history(KeyName key, long before, int limit) {
        throw new UnsupportedOperationException();
    }

    @Override
    public View view() {
        return this;
    }

    @Override
    public @Nullable Stale stale() {
        return stale;
    }

    @Override
    public synchronized Numbered number(String principal, Holder node, String incarnation) {
        if (unavailable) {
            throw new StoreUnavailableException("the test says so");
        }
        List<String> lives = incarnations.computeIfAbsent(node.value(), name -> new ArrayList<>());
        boolean isNew = !lives.contains(incarnation);
        if (isNew) {
            lives.add(incarnation);
        }
        int number = lives.indexOf(incarnation) + 1;
        return number == lives.size()
                ? new Numbered.Current(number, isNew)
                : new Numbered.Refused("incarnation is superseded by a later life of the node");
    }

    @Override
    public synchronized Numbered find(String principal, Holder node, String incarnation) {
        if (unavailable) {
            throw new StoreUnavailableException("the test says so");
        }
        List<String> lives = incarnations.getOrDefault(node.value(), List.of());
        return lives.contains(incarnation)
                ? number(principal, node, incarnation)
                : new Numbered.Unknown("incarnation has never shown itself");
    }

    @Override
    public synchronized void heard(Collection<Holder> nodes) {
        if (unavailable) {
            throw new StoreUnavailableException("the test says so");
        }
        memory.add("heard " + nodes.stream().map(Holder::value).sorted().toList());
    }

    @Override
    public synchronized int forget(Duration silence, int most) {
        int found = Math.min(silent, most);
        silent -= found;
        memory.add("forget " + found + " after " + silence);
        return found;
    }

    @Override
    public synchronized boolean mayHaveNumbered() {
        if (unavailable) {
            throw new StoreUnavailableException("the test says so");
        }
        return !incarnations.isEmpty();
    }

    @Override
    public Subscription subscribe(Listener listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    @Override
    public Snapshot snapshot() {
        Snapshot snapshot;
        synchronized (this) {
            List<Entry> entries = new ArrayList<>();
            states.values().stream().filter(state -> state.revision() > 0).forEach(state -> entries.add(entry(state)));
            snapshot = new Snapshot(version(), entries);
        }
        afterSnapshot.run();
        return snapshot;
    }

    @Override
    public synchronized @Nullable Entry get(KeyName key) {
        KeyState state = states.get(key);
        return state == null ? null : entry(state);
    }

    @Override
    public synchronized Version version() {
        return new Version(epoch, revision);
    }

    @Override
    public boolean isOrderedAcrossKeys() {
        return ordered;
    }
}
