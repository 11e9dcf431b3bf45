package dev.patchkey.service.store.hazelcast;

import com.hazelcast.cluster.Member;
import com.hazelcast.cluster.MembershipAdapter;
import com.hazelcast.cluster.MembershipEvent;
import com.hazelcast.core.HazelcastException;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.core.HazelcastInstanceNotActiveException;
import com.hazelcast.topic.ITopic;
import dev.patchkey.service.store.PodPeers;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * Questions go to one topic that every pod listens to, answers to a topic of the pod that asked. A topic may lose a
 * message: that pod is then silent, which is never wrong. A pod is known by its own id and not by its member's, which
 * Hazelcast changes when it comes back from a split.
 */
/** Asks the other pods by way of Hazelcast's topics; what travels are bytes, and nothing is deserialised by Java. */
final class HazelcastPodPeers implements PodPeers, AutoCloseable {

    private static final String QUESTIONS = "patchkey.questions";
    private static final String ANSWERS = "patchkey.answers.";

    /** Who asks, or answers, and the number of the question. */
    private static final int HEADER = 3 * Long.BYTES;

    private static final Logger log = LoggerFactory.getLogger(HazelcastPodPeers.class);

    private final HazelcastInstance hazelcast;
    private final String name;
    private final UUID self;
    private final ITopic<byte[]> questions;
    private final ITopic<byte[]> answers;
    private final AtomicLong numbers = new AtomicLong();
    private final Map<Long, Collection> open = new ConcurrentHashMap<>();
    private final ExecutorService tasks = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("patchkey-answer-", 0).factory());

    /** The answers to one question as they come. Guarded by its own monitor. */
    private static final class Collection {
        final Map<UUID, byte[]> answers = new HashMap<>();
        final Set<UUID> missing;
        final Set<UUID> lost = new HashSet<>();

        Collection(Set<UUID> asked) {
            missing = new HashSet<>(asked);
        }

        synchronized boolean isComplete() {
            return missing.isEmpty();
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

        synchronized Answers result() {
            Map<String, byte[]> byId = new HashMap<>();
            answers.forEach((pod, answer) -> byId.put(pod.toString(), answer));
            Set<String> silent = new HashSet<>();
            missing.forEach(pod -> silent.add(pod.toString()));
            lost.forEach(pod -> silent.add(pod.toString()));
            return new Answers(byId, silent);
        }
    }

    HazelcastPodPeers(HazelcastInstance hazelcast, String configuredName) {
        this.hazelcast = hazelcast;
        Member member = hazelcast.getCluster().getLocalMember();
        this.name = configuredName.isEmpty()
                ? member.getAddress().getHost() + ":" + member.getAddress().getPort()
                : configuredName;
        this.self = idOf(member);
        this.questions = hazelcast.getTopic(QUESTIONS);
        this.answers = hazelcast.getTopic(ANSWERS + self);
    }

    private static UUID idOf(Member member) {
        return UUID.fromString(member.getAttribute(ClusterConfig.POD_ID));
    }

    @Override
    public String id() {
        return self.toString();
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String cluster() {
        return hazelcast.getConfig().getClusterName();
    }

    @Override
    public void serve(UnaryOperator<byte[]> answer) {
        answers.addMessageListener(message -> collect(ByteBuffer.wrap(message.getMessageObject())));
        questions.addMessageListener(
                message -> tasks.execute(() -> reply(ByteBuffer.wrap(message.getMessageObject()), answer)));
        hazelcast.getCluster().addMembershipListener(new MembershipAdapter() {
            @Override
            public void memberRemoved(MembershipEvent event) {
                UUID pod = idOf(event.getMember());
                open.values().forEach(collection -> collection.left(pod));
            }
        });
    }

    private Set<UUID> membersAmong(Set<String> pods) {
        Set<UUID> members = new HashSet<>();
        for (Member member : hazelcast.getCluster().getMembers()) {
            UUID pod = idOf(member);
            if (!member.localMember() && pods.contains(pod.toString())) {
                members.add(pod);
            }
        }
        return members;
    }

    @Override
    public Answers ask(byte[] question, Set<String> pods, Duration timeout) {
        Collection collection = new Collection(membersAmong(pods));
        if (collection.isComplete()) {
            return collection.result();
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
        return collection.result();
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
