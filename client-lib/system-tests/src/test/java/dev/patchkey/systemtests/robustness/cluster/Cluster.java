package dev.patchkey.systemtests.robustness.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;
import org.jspecify.annotations.Nullable;

/** Pods over one store, and the nodes of the present run, each on a host of its own. */
public final class Cluster implements AutoCloseable {

    public static final int PODS = 3;
    public static final int NODES = 3;

    /** Short, so that runs see leases end. */
    public static final Duration LEASE = Duration.ofSeconds(5);

    /**
     * The shortest there is with a database. For so long and a node's lease nothing is said to be applied everywhere after a
     * pod was killed, and storms kill one every few seconds.
     */
    private static final Duration POD_LEASE = Duration.ofSeconds(10);

    /** Three cold starts at once on two busy processors take a third of this. */
    private static final Duration START = Duration.ofMinutes(3);

    private static final Duration POLL = Duration.ofMillis(200);
    private static final int CONNECT_MILLIS = 1000;
    private static final int ANSWER_MILLIS = 2000;

    private final Network network = new Network();
    private final Path directory;
    private final Path java17;
    private final Path java25;
    private final Store store;
    private final @Nullable Database database;
    private final List<Pod> pods = new ArrayList<>();
    private final List<Host> nodeHosts = new ArrayList<>();
    private final List<Node> nodes = new ArrayList<>();

    /** What this machine lacks to run one; empty if nothing. */
    public static List<String> missing() {
        List<String> missing = new ArrayList<>(Network.missing());
        if (clockLibraries().isEmpty()) {
            missing.add("libfaketime (Debian's faketime)");
        }
        return missing;
    }

    /**
     * Starts the database, if the store has one, and the pods, and waits until they are ready.
     *
     * @param directory for logs and data; what is in it is deleted
     */
    public Cluster(Store store, Image image, Path directory, Path java17, Path java25) {
        this.store = store;
        this.directory = directory;
        this.java17 = java17;
        this.java25 = java25;
        Runtime.getRuntime().addShutdownHook(new Thread(this::close, "cluster-end"));
        try {
            empty();
            database = store == Store.JDBC ? new Database(network.host("db"), directory("db"), java25) : null;
            if (database != null) {
                awaitDatabase();
            }
            List<Host> hosts =
                    Stream.of("pod0", "pod1", "pod2").map(network::host).toList();
            List<String> settings = settings(hosts);
            Path clock = clockLibraries().get(0);
            for (Host host : hosts) {
                pods.add(new Pod(host, directory(host.toString()), image, settings, clock));
            }
            for (int i = 0; i < NODES; i++) {
                nodeHosts.add(network.host("node" + i));
            }
            pods.forEach(Server::start);
            awaitReady();
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    private List<String> settings(List<Host> pods) {
        List<String> settings = new ArrayList<>(List.of(
                "--patchkey.store=" + store,
                "--patchkey.cluster.discovery=static",
                "--patchkey.cluster.members="
                        + String.join(",", pods.stream().map(Host::address).toList()),
                "--patchkey.cluster.size=" + PODS,
                "--patchkey.channel.lease=" + LEASE.toSeconds() + "s"));
        if (database != null) {
            settings.add("--spring.datasource.url=" + database.url());
            settings.add("--spring.datasource.username=postgres");
            settings.add("--patchkey.channel.pod-lease=" + POD_LEASE.toSeconds() + "s");
        }
        return settings;
    }

    private void empty() {
        if (Files.exists(directory)) {
            try (Stream<Path> files = Files.walk(directory)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private Path directory(String name) {
        try {
            return Files.createDirectories(directory.resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Debian's libfaketime, wherever this architecture has it. */
    private static List<Path> clockLibraries() {
        try (Stream<Path> candidates =
                Files.find(Path.of("/usr/lib"), 3, (path, attributes) -> path.endsWith("faketime/libfaketime.so.1"))) {
            return candidates.toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public Store store() {
        return store;
    }

    /** The database of a store that has one. */
    public Database database() {
        if (database == null) {
            throw new IllegalStateException("no database stands behind the " + store + " store");
        }
        return database;
    }

    public List<Pod> pods() {
        return pods;
    }

    public List<Node> nodes() {
        return nodes;
    }

    public List<URI> uris() {
        return pods.stream().map(Pod::uri).toList();
    }

    /**
     * Starts new nodes with these keys; those of the run before end.
     *
     * @param acquire whether they acquire and release keys, too
     */
    public void startNodes(String run, List<String> keys, long seed, boolean acquire) {
        nodes.forEach(Server::close);
        nodes.clear();
        for (int i = 0; i < NODES; i++) {
            String id = run + "-node" + i;
            Path java = i % 2 == 0 ? java25 : java17;
            nodes.add(new Node(nodeHosts.get(i), directory(id), java, id, keys, acquire, uris(), seed * NODES + i));
        }
        nodes.forEach(Server::start);
    }

    /** Waits until every node is ready, and says so. */
    public void awaitNodes() {
        for (Node node : nodes) {
            await("the node is ready; its log is " + node.log(), node::isReady);
        }
    }

    /** What went wrong with pods and nodes since the last time, unasked, in words. */
    public List<String> troubles() throws IOException {
        List<String> troubles = new ArrayList<>();
        for (Server server : Stream.concat(pods.stream(), nodes.stream()).toList()) {
            troubles.addAll(server.troubles());
        }
        return troubles;
    }

    /** Lets go on what is paused, and starts what does not run, as its supervisor would; the database first. */
    public void revive() {
        if (database != null) {
            awaitDatabase();
        }
        pods.forEach(Cluster::revive);
        nodes.forEach(Cluster::revive);
    }

    private static void revive(Server server) {
        server.resume();
        if (!server.isAlive()) {
            server.start();
        }
    }

    private void awaitDatabase() {
        String port = "/dev/tcp/" + database().host().address() + "/" + Postgres.PORT;
        await("the database is up; its log is " + database().log(), () -> {
            revive(database());
            return Shell.tryRun("bash", "-c", "exec 3<>" + port);
        });
    }

    /** Waits until every pod is ready; one that has ended meanwhile, since the database was away, is started again. */
    public void awaitReady() {
        for (Pod pod : pods) {
            await("the pod is ready; its log is " + pod.log(), () -> {
                revive(pod);
                return isReady(pod);
            });
        }
    }

    /** Waits until that pod is ready, or has ended, and no longer than that. */
    public void awaitReady(Pod pod, Duration atMost) {
        try {
            Awaitility.await().atMost(atMost).pollInterval(POLL).until(() -> !pod.isAlive() || isReady(pod));
        } catch (ConditionTimeoutException e) {
            // A fault keeps it from being ready.
        }
    }

    private static void await(String what, Callable<Boolean> condition) {
        Awaitility.await(what).atMost(START).pollInterval(POLL).until(condition);
    }

    private static boolean isReady(Pod pod) {
        try {
            HttpURLConnection connection = (HttpURLConnection)
                    pod.uri().resolve("/actuator/health/readiness").toURL().openConnection();
            connection.setConnectTimeout(CONNECT_MILLIS);
            connection.setReadTimeout(ANSWER_MILLIS);
            return connection.getResponseCode() == 200;
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public void close() {
        List<AutoCloseable> parts = new ArrayList<>(nodes);
        parts.addAll(pods);
        if (database != null) {
            parts.add(database);
        }
        parts.add(network);
        parts.forEach(Cluster::close);
    }

    /** One that cannot be closed must not leave the others. */
    private static void close(AutoCloseable part) {
        try {
            part.close();
        } catch (Exception | AssertionError e) {
            System.err.println("could not close " + part + ": " + e);
        }
    }
}
