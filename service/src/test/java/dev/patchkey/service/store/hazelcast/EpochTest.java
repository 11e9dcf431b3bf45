package dev.patchkey.service.store.hazelcast;

import static dev.patchkey.service.refcount.Commands.on;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.hazelcast.core.HazelcastException;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.core.IndeterminateOperationStateException;
import com.hazelcast.core.LifecycleEvent.LifecycleState;
import com.hazelcast.instance.impl.LifecycleServiceImpl;
import com.hazelcast.map.IMap;
import dev.patchkey.service.Invariant;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.View;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The epochs of the store that is kept in memory alone. */
class EpochTest {
    private final List<Version> replaced = new CopyOnWriteArrayList<>();

    private HazelcastReferenceCounts start(TestCluster.Pod pod) {
        HazelcastReferenceCounts counts = (HazelcastReferenceCounts) pod.counts();
        counts.view().subscribe(new View.Listener() {
            @Override
            public void changed(View.Entry entry) {}

            @Override
            public void replaced(Version version) {
                replaced.add(version);
            }
        });
        return counts;
    }

    @Test
    void oneLossBeginsOneEpochHoweverManyPartitionsItTook() throws Exception {
        try (TestCluster cluster = TestCluster.ofOne()) {
            HazelcastReferenceCounts counts = start(cluster.start());
            for (int i = 0; i < 100; i++) {
                counts.lost();
                Thread.sleep(1);
            }
            await().until(() -> !replaced.isEmpty());
            Thread.sleep(500);
            assertThat(replaced).hasSize(1);
            counts.lost();
            await().atMost(Duration.ofSeconds(5)).until(() -> replaced.size() == 2);
            counts.close();
        }
    }

    @Test
    @Invariant(number = "S3", text = "No silent gap: what is acknowledged belongs to the epoch that stands")
    void aPodThatHasNotHeardOfTheNewEpochWritesIntoIt() {
        try (TestCluster cluster = TestCluster.ofOne()) {
            TestCluster.Pod pod = cluster.start();
            Epoch epoch = new Epoch(pod.member());
            epoch.join(newer -> {});
            long old = epoch.current();
            epoch.next(old);
            assertThat(epoch.current()).isGreaterThan(old);
            HazelcastCommits lagging =
                    new HazelcastCommits(pod.member(), new Membership(pod.member(), 1), () -> old, epoch::latest);
            List<Outcome> outcomes = lagging.execute(List.of(on("k").increment(1)));
            assertThat(outcomes).containsExactly(new Outcome.Done(1, new Version(epoch.current(), 1), true));
        }
    }

    @Test
    @Invariant(number = "S4", text = "Revisions order the changes of a key: none is given twice within an epoch")
    void aPodThatComesBackFromASplitTakesWhatTheOthersHaveInANewEpoch() {
        try (TestCluster cluster = TestCluster.ofOne()) {
            TestCluster.Pod pod = cluster.start();
            HazelcastReferenceCounts counts = start(pod);
            for (int i = 0; i < 3; i++) {
                counts.submit(on("k").increment(1)).join();
            }
            long own = counts.view().version().epoch();
            // The others' entries take the place of its own, with an epoch that began before.
            pod.member().getMap(ClusterConfig.COUNTS).clear();
            pod.member().getMap(ClusterConfig.EPOCH).put("epoch", own - 10);
            ((LifecycleServiceImpl) pod.member().getLifecycleService()).fireLifecycleEvent(LifecycleState.MERGED);
            await().atMost(Duration.ofSeconds(4)).until(() -> !replaced.isEmpty());
            assertThat(counts.view().version().epoch()).isGreaterThan(own);
            assertThat(counts.view().get(new KeyName("k"))).isNull();
            counts.close();
        }
    }

    /** A member whose map of the epoch does what it is told, and whose copies do not confirm the first few times. */
    private static final class Unconfirming {
        final List<Object> sent = new ArrayList<>();
        private final HazelcastInstance member;
        private final IMap<?, ?> map;
        private int unconfirmed;

        Unconfirming(HazelcastInstance member) {
            this.member = member;
            this.map = member.getMap(ClusterConfig.EPOCH);
        }

        Epoch epoch() {
            IMap<?, ?> unconfirming = standIn(IMap.class, (proxy, method, arguments) -> {
                Object answer = call(map, method, arguments);
                if (method.getName().equals("executeOnKey")) {
                    sent.add(arguments[1]);
                    if (unconfirmed > 0) {
                        unconfirmed--;
                        // The clock goes on while the copies are waited for.
                        Thread.sleep(5);
                        throw new IndeterminateOperationStateException("a copy is silent");
                    }
                }
                return answer;
            });
            return new Epoch(standIn(
                    HazelcastInstance.class,
                    (proxy, method, arguments) ->
                            method.getName().equals("getMap") ? unconfirming : call(member, method, arguments)));
        }

        private static <T> T standIn(Class<T> type, InvocationHandler behaviour) {
            return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, behaviour));
        }

        private static Object call(Object target, Method method, Object[] arguments) throws Throwable {
            try {
                return method.invoke(target, arguments);
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        }

        void unconfirmed(int times) {
            sent.clear();
            unconfirmed = times;
        }
    }

    @Test
    void anEpochThatItsCopiesDidNotConfirmIsAskedForAgainAndBegunOnce() {
        try (TestCluster cluster = TestCluster.ofOne()) {
            TestCluster.Pod pod = cluster.start();
            Unconfirming copies = new Unconfirming(pod.member());
            Epoch epoch = copies.epoch();
            List<Runnable> beginnings =
                    List.of(() -> epoch.join(newer -> {}), () -> epoch.next(epoch.current()), epoch::nextAfterMerge);
            for (Runnable beginning : beginnings) {
                long before = epoch.current();
                copies.unconfirmed(Epoch.MOST_SENDINGS - 1);
                beginning.run();
                assertThat(epoch.current()).isGreaterThan(before).isEqualTo(epoch.latest());
                assertThat(copies.sent)
                        .as("a copy that missed the first decides the same")
                        .hasSize(Epoch.MOST_SENDINGS)
                        .containsOnly(copies.sent.getFirst());
            }
            for (Runnable beginning : beginnings) {
                copies.unconfirmed(Epoch.MOST_SENDINGS);
                assertThatThrownBy(beginning::run).isInstanceOf(IndeterminateOperationStateException.class);
                assertThat(copies.sent).hasSize(Epoch.MOST_SENDINGS);
            }
        }
    }

    @Test
    void nothingElseIsAskedAgain() {
        AtomicInteger asked = new AtomicInteger();
        assertThatThrownBy(() -> Confirmed.within(Epoch.MOST_SENDINGS, () -> {
                    asked.incrementAndGet();
                    throw new HazelcastException("not for want of a copy");
                }))
                .hasMessage("not for want of a copy");
        assertThat(asked).hasValue(1);
    }
}
