package dev.patchkey.service.store.hazelcast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.hazelcast.cluster.Member;
import com.hazelcast.config.Config;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.Serializable;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A member runs nothing that another sends it by Java serialization, not even in order to read it. */
class JavaSerializationTest {

    private static final int FIRST_PORT = 25_871;
    private static final int MEMBERS = 3;

    /** The gadgets that were read. */
    private static final Map<String, Boolean> READ = new ConcurrentHashMap<>();

    private final String cluster = "serialization-" + UUID.randomUUID();
    private HazelcastInstance attacker;
    private HazelcastInstance ours;
    private HazelcastInstance unfiltered;

    /** Acts as soon as it is read. */
    private record Gadget(String name) implements Serializable, Callable<String> {
        @Override
        public String call() {
            return name;
        }

        private Object readResolve() {
            READ.put(name, true);
            return this;
        }
    }

    /** Acts before it is read to its end. */
    private static final class EagerGadget implements Serializable, Callable<String> {
        private static final long serialVersionUID = 1L;
        private final String name;

        EagerGadget(String name) {
            this.name = name;
        }

        @Override
        public String call() {
            return name;
        }

        private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
            READ.put("eager", true);
            in.defaultReadObject();
        }
    }

    private Config config() {
        ClusterProperties properties = new ClusterProperties(
                cluster,
                FIRST_PORT,
                "127.0.0.1",
                ClusterProperties.Discovery.STATIC,
                IntStream.range(0, MEMBERS)
                        .mapToObj(i -> "127.0.0.1:" + (FIRST_PORT + i))
                        .toList(),
                MEMBERS);
        Config config = ClusterConfig.of(properties, TestCluster.AUTHORITY);
        config.getNetworkConfig().setPortAutoIncrement(true);
        config.setProperty("hazelcast.wait.seconds.before.join", "0");
        return config;
    }

    private Config withoutFilter() {
        Config config = config();
        config.getSerializationConfig().setJavaSerializationFilterConfig(null);
        return config;
    }

    @BeforeEach
    void members() {
        ours = Hazelcast.newHazelcastInstance(config());
        attacker = Hazelcast.newHazelcastInstance(withoutFilter());
        unfiltered = Hazelcast.newHazelcastInstance(withoutFilter());
        Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .until(() -> Stream.of(attacker, ours, unfiltered)
                        .allMatch(member -> member.getCluster().getMembers().size() == MEMBERS));
        READ.clear();
    }

    @AfterEach
    void end() {
        Stream.of(attacker, ours, unfiltered)
                .forEach(member -> member.getLifecycleService().terminate());
    }

    private String send(Callable<String> task, HazelcastInstance to) throws Exception {
        return attacker.getExecutorService("attack")
                .submitToMember(task, to.getCluster().getLocalMember())
                .get(10, TimeUnit.SECONDS);
    }

    @Test
    void whatAMemberSendsIsNotReadAndNotRun() throws Exception {
        for (Callable<String> gadget : List.of(new Gadget("late"), new EagerGadget("eager"))) {
            assertThatThrownBy(() -> send(gadget, ours))
                    .isInstanceOf(ExecutionException.class)
                    .hasStackTraceContaining("is not allowed");
        }
        assertThat(READ).isEmpty();
        // The same attack where nothing filters, or the check could not fail.
        assertThat(send(new Gadget("late"), unfiltered)).isEqualTo("late");
        assertThat(send(new EagerGadget("eager"), unfiltered)).isEqualTo("eager");
        assertThat(READ).containsOnlyKeys("late", "eager");
    }

    @Test
    void whatTheJdkItselfOffersToAttackersIsNotReadEither() throws Exception {
        Member owner = ours.getCluster().getLocalMember();
        String key = IntStream.iterate(0, i -> i + 1)
                .mapToObj(i -> "key-" + i)
                .filter(name -> owner.equals(
                        attacker.getPartitionService().getPartition(name).getOwner()))
                .findFirst()
                .orElseThrow();
        // Read back, its hash asks for the address of whatever host the attacker has named.
        HashMap<Object, String> looksUpAName = new HashMap<>();
        looksUpAName.put(URI.create("http://127.0.0.1/").toURL(), "x");
        assertThatThrownBy(() -> attacker.getMap("patchkey.attack").put(key, looksUpAName))
                .hasStackTraceContaining("java.net.URL")
                .hasStackTraceContaining("is not allowed");
    }
}
