package dev.patchkey.service.propagation;

import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.PodPeers;
import dev.patchkey.service.store.PodPeers.Answers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * How answers of several pods become one that was true at one time: a round collects "reached" from every pod, each with
 * its count of setbacks; a second round, right after, must find every pod still reached with the same count. Then, at
 * the time between the two rounds, all of them were reached at once. If not, the rounds begin again after a pause with
 * what is left of the timeout; when nothing is left, the pods that the two rounds disagree on are unaccounted.
 */
/** The nodes of all pods: what this pod knows, and what it asks of the others. Thread-safe; its methods block. */
public final class Cluster implements Barrier, Nodes, AutoCloseable {

    /** How much longer than the question's own timeout a pod has for its answer to travel. */
    private static final Duration TRAVEL = Duration.ofSeconds(1);

    /** Between two tries to have the pods agree: what took "reached" back, a node that connects, takes about as long. */
    private static final Duration AGREEMENT_PAUSE = Duration.ofMillis(50);

    /** This pod's own id in a round: no id of another pod is empty. */
    private static final String HERE = "";

    private static final String OTHER_PODS = "the other pods";

    private static final Logger log = LoggerFactory.getLogger(Cluster.class);

    private final LiveNodes nodes;
    private final PodPeers peers;
    private final ExecutorService tasks = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("patchkey-barrier-", 0).factory());

    /** What each caller asks of the other pods, by its thread, to be given up when the pod stops. */
    private final Map<Thread, Future<Answers>> asking = new ConcurrentHashMap<>();

    private volatile boolean stopped;

    /**
     * What the pods said in one round.
     *
     * @param pods by id, {@link #HERE} for this one: two pods may have the same name
     * @param names by id, for people
     */
    private record Round(Map<String, PodProgress> pods, Map<String, String> names, List<String> unaccounted) {
        boolean isReached() {
            return unaccounted.isEmpty() && pods.values().stream().allMatch(PodProgress::isReached);
        }

        /** This round as the confirmation of an earlier one: a pod of which something was taken back is unaccounted. */
        Round confirming(Round earlier) {
            Set<String> all = new HashSet<>(pods.keySet());
            all.addAll(earlier.pods.keySet());
            List<String> doubted = new ArrayList<>(unaccounted);
            all.stream()
                    .filter(pod -> setbacksOf(pod) != earlier.setbacksOf(pod))
                    .forEach(pod -> doubted.add(nameOf(pod, earlier)));
            return new Round(pods, names, doubted);
        }

        String nameOf(String pod, Round other) {
            return names.getOrDefault(pod, other.names.getOrDefault(pod, pod));
        }

        private long setbacksOf(String pod) {
            PodProgress progress = pods.get(pod);
            return progress == null ? -1 : progress.setbacks();
        }
    }

    public Cluster(LiveNodes nodes, PodPeers peers) {
        this.nodes = nodes;
        this.peers = peers;
    }

    /**
     * Begins to answer the other pods.
     *
     * @param mayHaveNodes whether there may be nodes out there from an earlier life of the service
     */
    void start(boolean mayHaveNodes) {
        peers.serve(this::answer, nodes::podGone);
        if (mayHaveNodes && !peers.foundOthers()) {
            // They have a lease to show themselves; until then nothing may be claimed for them.
            nodes.podGone(peers.name() + " before its start");
        }
    }

    /**
     * Ends every wait as not applied, and lets none begin: whoever waits is answered while the pod still can. What other
     * pods ask is answered with what is true at once.
     */
    void stop() {
        stopped = true;
        nodes.stopWaiting();
        asking.values().forEach(others -> others.cancel(true));
    }

    /** This pod's name. */
    public String pod() {
        return peers.name();
    }

    @Override
    public Propagation await(KeyName key, Version version, Duration timeout) {
        Duration bounded = timeout.compareTo(LONGEST_WAIT) < 0 ? timeout : LONGEST_WAIT;
        long deadline = System.nanoTime() + bounded.toNanos();
        Map<String, String> expired = new HashMap<>();
        while (true) {
            Duration rest = Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
            Round round = round(key, version, rest, expired);
            if (!round.isReached() || peers.isAlone()) {
                return merge(round, expired);
            }
            Round confirmed = round(key, version, Duration.ZERO, expired).confirming(round);
            long left = deadline - System.nanoTime();
            if (confirmed.isReached() || left <= 0 || stopped || !pause(left)) {
                return merge(confirmed, expired);
            }
        }
    }

    /** Returns whether to try again. */
    private static boolean pause(long leftNanos) {
        try {
            Thread.sleep(Duration.ofNanos(Math.min(leftNanos, AGREEMENT_PAUSE.toNanos())));
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Never throws: the change is made, so that whoever has no answer is unaccounted, and no failure. */
    private Round round(KeyName key, Version version, Duration timeout, Map<String, String> expired) {
        Round round = new Round(new HashMap<>(), new HashMap<>(Map.of(HERE, peers.name())), new ArrayList<>());
        try {
            Future<Answers> others = tasks.submit(
                    () -> peers.ask(PodQuestion.write(PodQuestion.await(key, version, timeout)), timeout.plus(TRAVEL)));
            asking.put(Thread.currentThread(), others);
            try {
                if (stopped) {
                    others.cancel(true);
                }
                round.pods.put(HERE, nodes.await(key, version, timeout));
                collect(others.get(), round);
            } finally {
                asking.remove(Thread.currentThread());
                others.cancel(true);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            round.unaccounted.add(peers.name());
        } catch (ExecutionException | CancellationException | RejectedExecutionException e) {
            log.warn("Could not ask the other pods: {}", e.toString());
            round.unaccounted.add(OTHER_PODS);
        } catch (RuntimeException e) {
            log.error("Could not wait for the nodes of this pod", e);
            round.unaccounted.add(peers.name());
        }
        round.pods.values().forEach(pod -> pod.expired().forEach(e -> expired.put(e.node(), e.stalePolicy())));
        return round;
    }

    private static void collect(Answers answers, Round round) {
        round.names.putAll(answers.names());
        round.unaccounted.addAll(answers.unaccounted());
        answers.answers().forEach((pod, answer) -> {
            try {
                round.pods.put(pod, Objects.requireNonNull(PodQuestion.read(answer, PodProgress.class)));
            } catch (RuntimeException otherRelease) {
                String name = round.nameOf(pod, round);
                log.warn("Pod {} answers what this one does not understand", name, otherRelease);
                round.unaccounted.add(name);
            }
        });
    }

    private static Propagation merge(Round round, Map<String, String> expired) {
        List<Propagation.Laggard> laggards = new ArrayList<>();
        List<String> unaccounted = new ArrayList<>(round.unaccounted);
        int concerned = 0;
        int laggardCount = 0;
        for (Map.Entry<String, PodProgress> pod : round.pods.entrySet()) {
            PodProgress progress = pod.getValue();
            concerned += progress.nodes();
            laggardCount += progress.laggardCount();
            laggards.addAll(progress.laggards());
            unaccounted.addAll(progress.unaccounted());
            if (!progress.isViewThere()) {
                unaccounted.add(round.nameOf(pod.getKey(), round));
            }
        }
        return new Propagation(
                round.isReached(),
                concerned,
                laggards.stream()
                        .sorted(Comparator.comparing(Propagation.Laggard::node))
                        .limit(Propagation.MOST_NAMED)
                        .toList(),
                laggardCount,
                unaccounted.stream().distinct().sorted().toList(),
                expired.entrySet().stream()
                        .sorted(Map.Entry.comparingByKey())
                        .map(e -> new Propagation.Expired(e.getKey(), e.getValue()))
                        .toList());
    }

    @Override
    public List<Node> all() {
        List<Node> all = new ArrayList<>(nodes.describeAll(peers.name()));
        ask(PodQuestion.describe(null)).answers().values().forEach(answer -> all.addAll(described(answer)));
        all.sort(Comparator.comparing(Node::node));
        return all;
    }

    @Override
    public Optional<Node> find(String node) {
        @Nullable Node here = nodes.describe(node, peers.name());
        if (here != null && here.connected()) {
            return Optional.of(here);
        }
        return ask(PodQuestion.describe(node)).answers().values().stream()
                .flatMap(answer -> described(answer).stream())
                .filter(there -> here == null || there.connected())
                .findFirst()
                .or(() -> Optional.ofNullable(here));
    }

    private static List<Node> described(byte[] answer) {
        return PodQuestion.read(answer, PodQuestion.Described.class).nodes();
    }

    /** The live nodes of all pods with their incarnations; empty if a pod did not answer. */
    Optional<Map<String, Long>> liveEverywhere() {
        Answers answers = ask(PodQuestion.liveIncarnations());
        if (!answers.unaccounted().isEmpty()) {
            return Optional.empty();
        }
        Map<String, Long> live = nodes.incarnations();
        answers.answers()
                .values()
                .forEach(answer -> PodQuestion.read(answer, PodQuestion.Live.class)
                        .incarnations()
                        .forEach((node, incarnation) -> live.merge(node, incarnation, Math::max)));
        return Optional.of(live);
    }

    /** Tells the other pods that the node has said hello here; does not wait. */
    public void tellMoved(NodeHello hello) {
        tasks.execute(() -> ask(PodQuestion.moved(hello)));
    }

    private Answers ask(PodQuestion question) {
        return peers.ask(PodQuestion.write(question), TRAVEL);
    }

    private byte[] answer(byte[] message) {
        PodQuestion question = PodQuestion.read(message, PodQuestion.class);
        if (question.await() != null) {
            return PodQuestion.write(awaitHere(question.await()));
        }
        if (question.describe() != null) {
            String node = question.describe().node();
            @Nullable Node one = node == null ? null : nodes.describe(node, peers.name());
            return PodQuestion.write(new PodQuestion.Described(
                    node == null ? nodes.describeAll(peers.name()) : one == null ? List.of() : List.of(one)));
        }
        if (question.moved() != null) {
            PodQuestion.Moved moved = question.moved();
            nodes.moved(moved.node(), moved.incarnation(), moved.session());
            return PodQuestion.write(new PodQuestion.Live(Map.of()));
        }
        return PodQuestion.write(new PodQuestion.Live(nodes.incarnations()));
    }

    private PodProgress awaitHere(PodQuestion.Await question) {
        try {
            return nodes.await(question.keyName(), question.version(), question.timeout());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for the nodes", e);
        }
    }

    @Override
    public void close() {
        tasks.shutdownNow();
    }
}
