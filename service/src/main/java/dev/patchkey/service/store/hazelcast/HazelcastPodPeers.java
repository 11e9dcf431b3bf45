package dev.patchkey.service.store.hazelcast;

import com.hazelcast.cluster.Member;
import com.hazelcast.cluster.MembershipEvent;
import com.hazelcast.cluster.MembershipListener;
import com.hazelcast.core.HazelcastException;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.core.HazelcastInstanceNotActiveException;
import com.hazelcast.map.IMap;
import com.hazelcast.topic.ITopic;
import dev.patchkey.service.store.PodPeers;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * Questions go to one topic that every pod listens to, answers to a topic of the pod that asked. A topic may lose a
 * message: that pod is then unaccounted, which is never wrong.
 *
 * Who must be asked stands in a map of the pods that serve nodes, written before the first node is let in. A member that
 * is not in it has no nodes. A pod that is in it and is no member is gone, and its nodes may live on for a lease, so
 * whoever asks finds it there even before the member's removal has been told.
 */
/** Asks the other pods by way of Hazelcast's topics; what travels are bytes, and nothing is deserialised by Java. */
final class HazelcastPodPeers implements PodPeers, AutoCloseable {

    private static final String PODS = "patchkey.pods";
    private static final String QUESTIONS = "patchkey.questions";
    private static final String ANSWERS = "patchkey.answers.";

    /** How long a pod that is gone stays in the map: longer than the longest lease that it may have granted. */
    private static final Duration GONE_KEPT = Duration.ofMinutes(15);

    /** Who asks, or answers, and the number of the question. */
    private static final int HEADER = 3 * Long.BYTES;

    private static final Logger log = LoggerFactory.getLogger(HazelcastPodPeers.class);

    private final HazelcastInstance hazelcast;
    private final String name;
    private final UUID self;
    /** The pods that serve nodes, by member, with their names; the gone ones too, for a while. */
    private final IMap<UUID, String> pods;

    private final ITopic<byte[]> questions;
    private final ITopic<byte[]> answers;
    private final AtomicLong numbers = new AtomicLong();
    private final Map<Long, Collection> open = new ConcurrentHashMap<>();
    private final Map<UUID, Long> goneSince = new ConcurrentHashMap<>();
    private final ExecutorService tasks = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("patchkey-answer-", 0).factory());
    private volatile Consumer<String> gone = pod -> {};
    private volatile boolean foundOthers;

    /** The answers to one question as they come. Guarded by its own monitor. */
    private static final class Collection {
        final Map<UUID, byte[]> answers = new HashMap<>();
        final Set<UUID> missing;
        final Set<UUID> lost = new HashSet<>();

        Collection(Set<UUID> asked) {
            missing = new HashSet<>(asked);
        }

        synchronized void answered(UUID pod, byte[] answer) {
            if (missing.remove(pod)) {
                answers.put(pod, answer);
                notifyAll();
            }
        }

        synchronized void left(UUID pod) {
            if (missing.remove(pod)) {
                lost.add(pod);
                notifyAll();
            }
        }

        synchronized void await(Duration timeout) throws InterruptedException {
            long deadline = System.nanoTime() + timeout.toNanos();
            for (long left = timeout.toNanos(); !missing.isEmpty() && left > 0; left = deadline - System.nanoTime()) {
                TimeUnit.NANOSECONDS.timedWait(this, left);
            }
        }

        synchronized Answers result(Map<UUID, String> names, List<String> unaccounted) {
            Map<String, byte[]> byId = new HashMap<>();
            Map<String, String> namesById = new HashMap<>();
            answers.forEach((pod, answer) -> {
                byId.put(pod.toString(), answer);
                namesById.put(pod.toString(), names.getOrDefault(pod, pod.toString()));
            });
            List<String> silent = new ArrayList<>(unaccounted);
            missing.forEach(pod -> silent.add(names.getOrDefault(pod, pod.toString())));
            lost.forEach(pod -> silent.add(names.getOrDefault(pod, pod.toString())));
            return new Answers(byId, namesById, silent);
        }
    }

    HazelcastPodPeers(HazelcastInstance hazelcast, String configuredName) {
        this.hazelcast = hazelcast;
        Member member = hazelcast.getCluster().getLocalMember();
        this.name = configuredName.isEmpty()
                ? member.getAddress().getHost() + ":" + member.getAddress().getPort()
                : configuredName;
        this.self = member.getUuid();
        this.pods = hazelcast.getMap(PODS);
        this.questions = hazelcast.getTopic(QUESTIONS);
        this.answers = hazelcast.getTopic(ANSWERS + self);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public boolean foundOthers() {
        return foundOthers;
    }

    @Override
    public void serve(UnaryOperator<byte[]> answer, Consumer<String> gone) {
        this.gone = gone;
        answers.addMessageListener(message -> collect(ByteBuffer.wrap(message.getMessageObject())));
        questions.addMessageListener(
                message -> tasks.execute(() -> reply(ByteBuffer.wrap(message.getMessageObject()), answer)));
        hazelcast.getCluster().addMembershipListener(new MembershipListener() {
            @Override
            public void memberAdded(MembershipEvent event) {
                // It is asked once it serves nodes.
            }

            @Override
            public void memberRemoved(MembershipEvent event) {
                UUID pod = event.getMember().getUuid();
                open.values().forEach(collection -> collection.left(pod));
                // Off the thread of events, since the map is asked.
                tasks.execute(HazelcastPodPeers.this::others);
            }
        });
        Others found = others();
        foundOthers = !found.names.isEmpty();
        if (found.members.stream().anyMatch(pod -> name.equals(found.names.get(pod)))) {
            log.warn(
                    "Another live pod has the name {} too: patchkey.channel.pod must be unique, or people are misled",
                    name);
        }
        pods.set(self, name);
    }

    private record Others(Map<UUID, String> names, Set<UUID> members, List<String> newlyGone) {}

    /** The other pods that may have nodes. Reports those that are gone, each once. */
    private Others others() {
        Map<UUID, String> names = new HashMap<>();
        Set<UUID> members = new HashSet<>();
        List<String> newlyGone = new ArrayList<>();
        for (Map.Entry<UUID, String> pod : pods.entrySet()) {
            if (!pod.getKey().equals(self)) {
                names.put(pod.getKey(), pod.getValue());
            }
        }
        // After the map, so that a pod that is in it and leaves meanwhile is found gone.
        for (Member member : hazelcast.getCluster().getMembers()) {
            if (names.containsKey(member.getUuid())) {
                members.add(member.getUuid());
            }
        }
        long now = System.nanoTime();
        names.forEach((pod, podName) -> {
            if (members.contains(pod)) {
                return;
            }
            Long since = goneSince.putIfAbsent(pod, now);
            if (since == null) {
                newlyGone.add(podName);
                gone.accept(podName);
            } else if (now - since > GONE_KEPT.toNanos()) {
                pods.delete(pod);
            }
        });
        return new Others(names, members, newlyGone);
    }

    @Override
    public Answers ask(byte[] question, Duration timeout) {
        Others others;
        try {
            others = others();
        } catch (HazelcastException | HazelcastInstanceNotActiveException e) {
            log.warn("Could not find out which pods to ask: {}", e.getMessage());
            return Answers.none(List.of("the other pods"));
        }
        Collection collection = new Collection(others.members);
        if (others.members.isEmpty()) {
            return collection.result(others.names, others.newlyGone);
        }
        long number = numbers.incrementAndGet();
        open.put(number, collection);
        try {
            questions.publish(message(number, question));
            collection.await(timeout);
        } catch (HazelcastException | HazelcastInstanceNotActiveException e) {
            log.warn("Could not ask the other pods: {}", e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            open.remove(number);
        }
        return collection.result(others.names, others.newlyGone);
    }

    private byte[] message(long number, byte[] payload) {
        return ByteBuffer.allocate(HEADER + payload.length)
                .putLong(self.getMostSignificantBits())
                .putLong(self.getLeastSignificantBits())
                .putLong(number)
                .put(payload)
                .array();
    }

    private void reply(ByteBuffer question, UnaryOperator<byte[]> answer) {
        UUID asker = new UUID(question.getLong(), question.getLong());
        if (asker.equals(self)) {
            return;
        }
        long number = question.getLong();
        byte[] payload = new byte[question.remaining()];
        question.get(payload);
        try {
            hazelcast.<byte[]>getTopic(ANSWERS + asker).publish(message(number, answer.apply(payload)));
        } catch (RuntimeException e) {
            // Whoever asks takes silence for what it is.
            log.warn("Could not answer pod {}: {}", asker, e.toString());
        }
    }

    private void collect(ByteBuffer answer) {
        UUID pod = new UUID(answer.getLong(), answer.getLong());
        Collection collection = open.get(answer.getLong());
        if (collection != null) {
            byte[] payload = new byte[answer.remaining()];
            answer.get(payload);
            collection.answered(pod, payload);
        }
    }

    @Override
    public void close() {
        tasks.shutdownNow();
    }
}
