package dev.patchkey.service.propagation;

import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.PodPeers;
import dev.patchkey.service.store.PodPeers.Answers;
import dev.patchkey.service.store.PodRegistry;
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
import java.util.concurrent.atomic.AtomicBoolean;
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

    /** Between two tries to have a pod answer that does not: it comes back, or is over, a few times in a second at most. */
    private static final Duration SILENCE_PAUSE = Duration.ofMillis(250);

    /** This pod's own id in a round: no id of another pod is empty. */
    private static final String HERE = "";

    private static final String OTHER_PODS = "the other pods";

    /** Said of an earlier life of a pod. */
    private static final String BEFORE = " before its start";

    /** Who the other pods are could not be found out. */
    private static final String STORE = "the store";

    private static final Logger log = LoggerFactory.getLogger(Cluster.class);

    private final LiveNodes nodes;
    private final PodPeers peers;
    private final PodCensus census;
    private final AtomicBoolean namesakeTold = new AtomicBoolean();
    private volatile Latencies latencies = Latencies.UNHEARD;
    private final ExecutorService tasks = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("patchkey-barrier-", 0).factory());

    /** What each caller asks of the other pods, by its thread, to be given up when the pod stops. */
    private final Map<Thread, Future<Others>> asking = new ConcurrentHashMap<>();

    private volatile boolean stopped;

    /** What the other pods said, by their ids, their names, and the names of those that must be reckoned with all the same. */
    private record Others(
            Map<String, byte[]> answers, Map<String, String> names, List<String> unaccounted, Silence silence) {}

    /**
     * Those of whom nothing is known but their rows.
     *
     * @param pods the ids of those among the unaccounted that count only until their leases are over
     * @param sighting the pods as they were seen when they were asked
     */
    private record Silence(Set<String> pods, PodCensus.Sighting sighting) {

        static final Silence NONE = new Silence(Set.of(), new PodCensus.Sighting(List.of(), true));
    }

    /**
     * What the pods said in one round.
     *
     * @param pods by id, {@link #HERE} for this one: two pods may have the same name
     * @param names by id, for people
     */
    private record Round(
            Map<String, PodProgress> pods, Map<String, String> names, List<String> unaccounted, Silence silence) {
        boolean isReached() {
            return unaccounted.isEmpty() && haveAllReached();
        }

        /** Whether asking again is of no use before a silent pod speaks or is over. */
        boolean lacksSilentPodsAlone() {
            return unaccounted.size() == silence.pods().size() && haveAllReached();
        }

        private boolean haveAllReached() {
            return pods.values().stream().allMatch(PodProgress::isReached);
        }

        /** This round as the confirmation of an earlier one: a pod of which something was taken back is unaccounted. */
        Round confirming(Round earlier) {
            Set<String> all = new HashSet<>(pods.keySet());
            all.addAll(earlier.pods.keySet());
            List<String> doubted = new ArrayList<>(unaccounted);
            all.stream()
                    .filter(pod -> setbacksOf(pod) != earlier.setbacksOf(pod))
                    .forEach(pod -> doubted.add(nameOf(pod, earlier)));
            return new Round(pods, names, doubted, silence);
        }

        String nameOf(String pod, Round other) {
            return names.getOrDefault(pod, other.names.getOrDefault(pod, pod));
        }

        private long setbacksOf(String pod) {
            PodProgress progress = pods.get(pod);
            return progress == null ? -1 : progress.setbacks();
        }
    }

    public Cluster(LiveNodes nodes, PodPeers peers, PodCensus census) {
        this.nodes = nodes;
        this.peers = peers;
        this.census = census;
    }

    /**
     * Begins to answer the other pods.
     *
     * @param mayHaveNodes whether there may be nodes out there from an earlier life of the service
     */
    void start(boolean mayHaveNodes) {
        peers.serve(this::answer);
        if (mayHaveNodes && !census.outlivesPods() && census.look().pods().isEmpty()) {
            // They have a lease to show themselves; until then nothing may be claimed for them.
            nodes.podOfBefore(peers.name() + BEFORE);
        }
    }

    /** Takes note of which pods there are: what a pod that falls silent has granted is counted from when it was seen. */
    void lookAround() {
        census.keep();
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

    /** Tells how long callers wait; those who only look are not told of. */
    void measure(Latencies listener) {
        latencies = listener;
    }

    /** This pod's name. */
    public String pod() {
        return peers.name();
    }

    @Override
    public Propagation await(KeyName key, Version version, Duration timeout) {
        if (!timeout.isPositive()) {
            return awaitUnheard(key, version, timeout);
        }
        long begun = System.nanoTime();
        Propagation answer = awaitUnheard(key, version, timeout);
        latencies.awaited(answer, System.nanoTime() - begun);
        return answer;
    }

    private Propagation awaitUnheard(KeyName key, Version version, Duration timeout) {
        Duration bounded = timeout.compareTo(LONGEST_WAIT) < 0 ? timeout : LONGEST_WAIT;
        long deadline = System.nanoTime() + bounded.toNanos();
        Map<String, String> expired = new HashMap<>();
        while (true) {
            Duration rest = Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
            Round round = round(key, version, rest, expired);
            boolean asked = round.isReached();
            if (asked) {
                round = round(key, version, Duration.ZERO, expired).confirming(round);
            }
            if (round.isReached() || !pause(deadline, asked ? AGREEMENT_PAUSE : SILENCE_PAUSE)) {
                return merge(round, expired);
            }
            // A round looks at every session of every pod, and a pod that was killed is silent for a minute.
            while (round.lacksSilentPodsAlone() && isAsSilentAsBefore(round.silence())) {
                if (!pause(deadline, SILENCE_PAUSE)) {
                    break;
                }
            }
        }
    }

    /** Whether the pods that may have nodes are the same, and none of those that are silent and can be asked has moved. */
    private boolean isAsSilentAsBefore(Silence silence) {
        return signsOfLife(census.look(), silence).equals(signsOfLife(silence.sighting(), silence));
    }

    private Map<String, Long> signsOfLife(PodCensus.Sighting sighting, Silence silence) {
        Map<String, Long> signs = new HashMap<>();
        for (PodCensus.Pod pod : sighting.pods()) {
            PodRegistry.Row row = pod.row();
            if (!pod.isOver()) {
                boolean mayAnswer =
                        silence.pods().contains(row.id()) && row.cluster().equals(peers.cluster());
                signs.put(row.id(), mayAnswer ? row.renewals() : 0);
            }
        }
        return signs;
    }

    /** Returns whether to try again. */
    private boolean pause(long deadline, Duration pause) {
        long left = deadline - System.nanoTime();
        if (left <= 0 || stopped) {
            return false;
        }
        try {
            Thread.sleep(Duration.ofNanos(Math.min(left, pause.toNanos())));
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Never throws: the change is made, so that whoever has no answer is unaccounted, and no failure. */
    private Round round(KeyName key, Version version, Duration timeout, Map<String, String> expired) {
        Round round =
                new Round(new HashMap<>(), new HashMap<>(Map.of(HERE, peers.name())), new ArrayList<>(), Silence.NONE);
        try {
            Future<Others> others =
                    tasks.submit(() -> askOthers(PodQuestion.await(key, version, timeout), timeout.plus(TRAVEL)));
            asking.put(Thread.currentThread(), others);
            try {
                if (stopped) {
                    others.cancel(true);
                }
                round.pods.put(HERE, nodes.await(key, version, timeout));
                round = collect(others.get(), round);
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

    /** Who must be asked is found out first, and so after all that the question is about. */
    private Others askOthers(PodQuestion question, Duration timeout) {
        PodCensus.Sighting sighting = census.look();
        List<String> unaccounted = new ArrayList<>();
        if (!sighting.isCurrent()) {
            unaccounted.add(STORE);
        }
        Answers answers;
        try {
            answers = peers.ask(PodQuestion.write(question), sighting.ids(), timeout);
        } catch (RuntimeException e) {
            log.warn("Could not ask the other pods: {}", e.toString());
            answers = new Answers(Map.of(), Set.of());
            unaccounted.add(OTHER_PODS);
        }
        Map<String, String> names = new HashMap<>();
        for (PodCensus.Pod pod : sighting.pods()) {
            if (answers.answers().containsKey(pod.row().id())) {
                names.put(pod.row().id(), pod.row().name());
            }
        }
        warnOfNamesake(names);
        Set<String> silent = new HashSet<>();
        for (PodCensus.Pod pod : sighting.pods()) {
            String id = pod.row().id();
            if (!names.containsKey(id) && (!pod.isOver() || answers.silent().contains(id))) {
                unaccounted.add(nameOfSilent(pod.row(), names));
                if (!pod.isOver()) {
                    silent.add(id);
                }
            }
        }
        return new Others(answers.answers(), names, unaccounted, new Silence(silent, sighting));
    }

    private String nameOfSilent(PodRegistry.Row pod, Map<String, String> answered) {
        if (!pod.cluster().equals(peers.cluster())) {
            return pod.name() + " of cluster " + pod.cluster();
        }
        boolean isBack = pod.name().equals(peers.name()) || answered.containsValue(pod.name());
        return isBack ? pod.name() + BEFORE : pod.name();
    }

    private void warnOfNamesake(Map<String, String> answered) {
        if (answered.containsValue(peers.name()) && namesakeTold.compareAndSet(false, true)) {
            log.warn(
                    "Another live pod has the name {} too: patchkey.channel.pod must be unique, or people are misled",
                    peers.name());
        }
    }

    /** The round with what the other pods said. */
    private static Round collect(Others answers, Round round) {
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
        return new Round(round.pods, round.names, round.unaccounted, answers.silence());
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
        Others answers = ask(PodQuestion.liveIncarnations());
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

    private Others ask(PodQuestion question) {
        return askOthers(question, TRAVEL);
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
        census.close();
    }
}
