package dev.patchkey.service.propagation;

import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.PodPeers;
import dev.patchkey.service.store.PodPeers.Answers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;

/*
 * How answers of several pods become one that was true at one time: a round collects "reached" from every pod, each with
 * its count of setbacks; a second round, right after, must find every pod still reached with the same count. Then, at
 * the time between the two rounds, all of them were reached at once. If not, the rounds begin again with what is left of
 * the timeout.
 */
/** The nodes of all pods: what this pod knows, and what it asks of the others. Thread-safe; its methods block. */
public final class Cluster implements Barrier, Nodes, AutoCloseable {

    /** How much longer than the question's own timeout a pod has for its answer to travel. */
    private static final Duration TRAVEL = Duration.ofSeconds(1);

    private static final Logger log = LoggerFactory.getLogger(Cluster.class);

    private final LiveNodes nodes;
    private final PodPeers peers;
    private final ExecutorService tasks = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("patchkey-barrier-", 0).factory());

    private record Round(Map<String, PodProgress> pods, List<String> unaccounted) {
        boolean isReached() {
            return unaccounted.isEmpty() && pods.values().stream().allMatch(PodProgress::isReached);
        }

        boolean isSameTimeAs(Round earlier) {
            return pods.keySet().equals(earlier.pods.keySet())
                    && pods.entrySet().stream()
                            .allMatch(pod -> pod.getValue().setbacks() == earlier.setbacksOf(pod.getKey()));
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
            Round confirmed = round(key, version, Duration.ZERO, expired);
            if (confirmed.isReached() && confirmed.isSameTimeAs(round)) {
                return merge(confirmed, expired);
            }
            if (System.nanoTime() - deadline >= 0) {
                return merge(confirmed, expired);
            }
        }
    }

    private Round round(KeyName key, Version version, Duration timeout, Map<String, String> expired) {
        Future<Answers> others = tasks.submit(
                () -> peers.ask(PodQuestion.write(PodQuestion.await(key, version, timeout)), timeout.plus(TRAVEL)));
        Map<String, PodProgress> pods = new HashMap<>();
        try {
            pods.put(peers.name(), nodes.await(key, version, timeout));
            Answers answers = others.get();
            List<String> unaccounted = new ArrayList<>(answers.unaccounted());
            answers.answers().forEach((pod, answer) -> {
                try {
                    pods.put(pod, PodQuestion.read(answer, PodProgress.class));
                } catch (JacksonException otherRelease) {
                    log.warn("Pod {} answers what this one does not understand", pod, otherRelease);
                    unaccounted.add(pod);
                }
            });
            pods.values().forEach(pod -> pod.expired().forEach(e -> expired.put(e.node(), e.stalePolicy())));
            return new Round(pods, unaccounted);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for the nodes", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException("could not ask the other pods", e);
        }
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
                unaccounted.add(pod.getKey());
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
