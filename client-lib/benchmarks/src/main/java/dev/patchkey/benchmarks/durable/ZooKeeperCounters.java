package dev.patchkey.benchmarks.durable;

import dev.patchkey.benchmarks.ServerProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.atomic.AtomicValue;
import org.apache.curator.framework.recipes.atomic.DistributedAtomicLong;
import org.apache.curator.retry.RetryNTimes;
import org.apache.curator.retry.RetryOneTime;
import org.apache.zookeeper.server.quorum.QuorumPeerMain;

/**
 * ZooKeeper through Curator's DistributedAtomicLong, which reads a node and writes it with the version that it has read.
 * Where another was faster it tries again at once.
 */
final class ZooKeeperCounters implements Counters {

    private static final int SECONDS_TO_START = 60;
    private static final int MOST_ATTEMPTS = 10_000;
    private static final String PARENT = "/counters/";

    private final List<ServerProcess> servers = new ArrayList<>();
    private final List<Path> configurations = new ArrayList<>();
    private final String endpoints;

    ZooKeeperCounters(int count) throws IOException, InterruptedException {
        List<Integer> ports = new ArrayList<>();
        StringBuilder peers = new StringBuilder();
        for (int i = 0; i < count; i++) {
            ports.add(ServerProcess.freePort());
            if (count > 1) {
                peers.append("server.%d=127.0.0.1:%d:%d\n"
                        .formatted(i + 1, ServerProcess.freePort(), ServerProcess.freePort()));
            }
        }
        endpoints =
                String.join(",", ports.stream().map(port -> "127.0.0.1:" + port).toList());
        try {
            for (int i = 0; i < count; i++) {
                servers.add(start(i + 1, ports.get(i), peers.toString()));
            }
            try (CuratorFramework client = connect()) {
                for (ServerProcess server : servers) {
                    server.awaitReady(SECONDS_TO_START, () -> client.blockUntilConnected(100, TimeUnit.MILLISECONDS));
                }
            }
        } catch (Throwable e) {
            close();
            throw e;
        }
    }

    /** With the defaults of its documentation, which force each transaction to the disk. */
    private ServerProcess start(int id, int port, String peers) throws IOException {
        Path directory = ServerProcess.directory("zookeeper-data");
        configurations.add(directory);
        Files.writeString(directory.resolve("myid"), Integer.toString(id));
        Path configuration = directory.resolve("zoo.cfg");
        Files.writeString(configuration, """
                tickTime=2000
                initLimit=10
                syncLimit=5
                dataDir=%s
                clientPort=%d
                clientPortAddress=127.0.0.1
                maxClientCnxns=0
                admin.enableServer=false
                %s""".formatted(directory, port, peers));
        return ServerProcess.start(
                "zookeeper",
                List.of(
                        ServerProcess.java(),
                        "-Xmx1000m",
                        "-cp",
                        ServerProcess.classPath(),
                        QuorumPeerMain.class.getName(),
                        configuration.toString()));
    }

    private CuratorFramework connect() {
        CuratorFramework client = CuratorFrameworkFactory.newClient(endpoints, new RetryOneTime(1000));
        client.start();
        return client;
    }

    @Override
    public void prepare(List<String> keys) throws Exception {
        try (CuratorFramework client = connect()) {
            for (String key : keys) {
                counter(client, key).initialize(0L);
            }
        }
    }

    private static DistributedAtomicLong counter(CuratorFramework client, String key) {
        return new DistributedAtomicLong(client, PARENT + key, new RetryNTimes(MOST_ATTEMPTS, 0));
    }

    @Override
    public Caller caller() {
        CuratorFramework client = connect();
        Map<String, DistributedAtomicLong> counters = new HashMap<>();
        return new Caller() {
            @Override
            public int increment(String key) throws Exception {
                AtomicValue<Long> answer = counters.computeIfAbsent(key, name -> counter(client, name))
                        .increment();
                if (!answer.succeeded()) {
                    throw new IOException("others were faster " + MOST_ATTEMPTS + " times");
                }
                return answer.getStats().getOptimisticTries();
            }

            @Override
            public void close() {
                client.close();
            }
        };
    }

    @Override
    public long sum(List<String> keys) throws Exception {
        long sum = 0;
        try (CuratorFramework client = connect()) {
            client.sync().forPath("/");
            for (String key : keys) {
                sum += counter(client, key).get().postValue();
            }
        }
        return sum;
    }

    @Override
    public void close() throws IOException {
        for (ServerProcess server : servers) {
            server.close();
        }
        for (Path configuration : configurations) {
            ServerProcess.delete(configuration);
        }
    }
}
