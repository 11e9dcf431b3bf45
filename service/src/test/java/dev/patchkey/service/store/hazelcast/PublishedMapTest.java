package dev.patchkey.service.store.hazelcast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.hazelcast.instance.impl.HazelcastInstanceProxy;
import com.hazelcast.map.IMap;
import com.hazelcast.spi.impl.NodeEngine;
import com.hazelcast.spi.impl.PartitionSpecificRunnable;
import com.hazelcast.spi.impl.operationservice.impl.OperationServiceImpl;
import dev.patchkey.service.refcount.Hold;
import dev.patchkey.service.refcount.Holder;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.KeyState;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.CountsMap;
import dev.patchkey.service.store.CountsMap.Advance;
import dev.patchkey.service.store.Published;
import dev.patchkey.service.store.View;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PublishedMapTest {
    private static final int KEYS = 50;

    private final TestCluster cluster = TestCluster.of(2, 1);
    private TestCluster.Pod first;
    private TestCluster.Pod second;

    @BeforeEach
    void start() {
        first = cluster.start();
        second = cluster.start();
    }

    @AfterEach
    void stop() {
        cluster.close();
    }

    private static Published state(int key, long written) {
        return new Published(KeyState.absent(new KeyName("key-" + key)), 1, written);
    }

    private static void waitFor(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static List<Published> states(long written) {
        return IntStream.range(0, KEYS).mapToObj(key -> state(key, written)).toList();
    }

    private static IMap<AtCommitter, Published> map(TestCluster.Pod pod) {
        return pod.member().getMap(PublishedMap.mapOf(pod.member()));
    }

    @Test
    void allOfItIsWhereTheCommitterIsAndCopiedToAnother() {
        await().until(() -> first.route().isHere() != second.route().isHere());
        boolean firstCommits = first.route().isHere();
        TestCluster.Pod committer = firstCommits ? first : second;
        TestCluster.Pod other = firstCommits ? second : first;
        other.countsMap().publish(states(1));

        assertThat(map(committer).getLocalMapStats().getOwnedEntryCount()).isEqualTo(KEYS);
        await().untilAsserted(() ->
                assertThat(map(other).getLocalMapStats().getBackupEntryCount()).isEqualTo(KEYS));
        committer.kill();
        CountsMap left = other.countsMap();
        assertThat(states(1))
                .allSatisfy(state -> assertThat(left.get(state.state().key())).isEqualTo(state));
    }

    @Test
    void aLatePublicationTakesNoKeyBack() {
        first.countsMap().publish(states(2));
        List<Published> mixed = new ArrayList<>(states(1));
        mixed.set(7, state(7, 3));

        second.countsMap().publish(mixed);
        second.countsMap().publish(List.of());

        List<Published> expected = new ArrayList<>(states(2));
        expected.set(7, state(7, 3));
        assertThat(expected)
                .allSatisfy(state ->
                        assertThat(first.countsMap().get(state.state().key())).isEqualTo(state));
    }

    @Test
    void theOtherPodsHearOfBatchesInTheirOrder() {
        List<Advance> heardByFirst = Collections.synchronizedList(new ArrayList<>());
        List<Advance> heardBySecond = Collections.synchronizedList(new ArrayList<>());
        CountsMap announcing = first.countsMap();
        announcing.onAnnounced(heardByFirst::add);
        second.countsMap().onAnnounced(heardBySecond::add);
        List<Advance> batches = IntStream.range(0, 200)
                .mapToObj(revision -> new Advance(
                        new Version(1, revision),
                        new Version(1, revision + 1),
                        List.of(new View.Entry(new KeyName("key"), revision, new Version(1, revision + 1)))))
                .toList();

        batches.forEach(announcing::announce);
        await().until(() -> heardBySecond.size() >= batches.size());

        assertThat(heardBySecond).isEqualTo(batches);
        assertThat(heardByFirst).as("a pod knows what it has announced itself").isEmpty();
    }

    @Test
    void aReaderOfManyKeysWaitsNoLongerForAnOwnerThanAReaderOfOne() throws Exception {
        await().until(() -> first.route().isHere() != second.route().isHere());
        boolean firstCommits = first.route().isHere();
        TestCluster.Pod committer = firstCommits ? first : second;
        committer.countsMap().publish(states(1));
        CountDownLatch free = new CountDownLatch(1);
        NodeEngine engine =
                ((HazelcastInstanceProxy) committer.member()).getOriginal().node.getNodeEngine();
        int partition = engine.getPartitionService()
                .getPartitionId(engine.toData(AtCommitter.of(state(0, 1).state().key())));
        ((OperationServiceImpl) engine.getOperationService()).execute(new PartitionSpecificRunnable() {
            @Override
            public int getPartitionId() {
                return partition;
            }

            @Override
            public void run() {
                waitFor(free);
            }
        });
        CompletableFuture<Map<KeyName, Published>> answer =
                CompletableFuture.supplyAsync(() -> (firstCommits ? second : first)
                        .countsMap()
                        .getAll(Set.of(
                                state(0, 1).state().key(), state(1, 1).state().key())));
        try {
            assertThat(answer.get(10, TimeUnit.SECONDS)).isEmpty();
        } finally {
            free.countDown();
        }
    }

    @Test
    void statesWithManyHoldsAreSentInSeveralParts() {
        int holders = PublishedMap.LARGEST_OPERATION * 3 / 4;
        Map<Holder, Hold> holds = IntStream.range(0, holders)
                .mapToObj(i -> new Hold(new Holder("holder-" + i), null, Instant.EPOCH, null, null, null))
                .collect(Collectors.toMap(Hold::holder, Function.identity()));
        List<Published> heavy = IntStream.range(0, 5)
                .mapToObj(i -> new Published(
                        new KeyState(new KeyName("heavy-" + i), 0, holds, Map.of(), 1, null, false), 1, 1))
                .toList();

        assertThat(PublishedMap.parts(heavy))
                .containsExactly(heavy.subList(0, 2), heavy.subList(2, 4), heavy.subList(4, 5));
        assertThat(PublishedMap.parts(states(1))).containsExactly(states(1));
        assertThat(PublishedMap.parts(List.of())).isEmpty();

        second.countsMap().publish(heavy);
        assertThat(heavy)
                .allSatisfy(state ->
                        assertThat(first.countsMap().get(state.state().key())).isEqualTo(state));
    }
}
