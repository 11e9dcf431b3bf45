package dev.patchkey.systemtests.robustness.faults;

import dev.patchkey.systemtests.robustness.cluster.Cluster;
import dev.patchkey.systemtests.robustness.cluster.Host;
import dev.patchkey.systemtests.robustness.cluster.Node;
import dev.patchkey.systemtests.robustness.cluster.Pod;
import dev.patchkey.systemtests.robustness.cluster.Server;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;

/** Draws faults. */
final class Faults {

    /** A pause is called long from here on: no lease of a node is left then. */
    static final int LONG_PAUSE_MILLIS = 5000;

    /** A clock that is wrong by more than any lease, and by more than any time zone. */
    private static final int CLOCK_STEP_SECONDS = 100_000;

    /** A pod may read its clock anew a second later only, and is to do some work by it. */
    private static final int SHORTEST_CLOCK_STEP_MILLIS = 3000;

    private static final String CLOCK_STEP = "a pod's clock steps";
    private static final String ROLLING_RESTART = "rolling restart";

    private static final double DROPPED = 0.2;
    private static final int KILOBITS_PER_SECOND = 256;

    /** In a rolling restart the next pod's turn comes when this one is ready, or after that. */
    private static final Duration ROLLING = Duration.ofSeconds(30);

    private final Cluster cluster;
    private final Random random;

    Faults(Cluster cluster, Random random) {
        this.cluster = cluster;
        this.random = random;
    }

    /** In the order in which they are injected: what takes long comes last, so that it meets the others. */
    static List<Fault> inOrder(List<Fault> faults) {
        return faults.stream()
                .sorted(Comparator.comparing(fault -> fault.kind().equals(ROLLING_RESTART)))
                .toList();
    }

    /** How long faults that were drawn for that time last. */
    static int millis(List<Fault> faults, int drawn) {
        boolean clock = faults.stream().anyMatch(fault -> fault.kind().startsWith(CLOCK_STEP));
        return clock ? Math.max(drawn, SHORTEST_CLOCK_STEP_MILLIS) : drawn;
    }

    /** Whatever may happen to pods, a database and nodes. */
    Fault any(int millis) {
        return switch (random.nextInt(24)) {
            case 0, 1 -> kill("kill -9 a pod", pods(1));
            case 2 -> kill("kill -9 two pods", pods(2));
            case 3 -> kill("kill -9 all pods", pods(Cluster.PODS));
            case 4 -> kill("kill -9 the database", List.of(cluster.database()));
            case 5 -> kill("kill -9 a node", List.of(node()));
            case 6, 7, 8 -> pause("a pod", pod(), millis);
            case 9 -> pause("a node", node(), millis);
            case 10 -> pause("the database", cluster.database(), millis);
            case 11 -> cutTwoPods();
            case 12 -> cut("a pod from all pods", pod(), cluster.pods());
            case 13 -> oneWay("a pod", pod(), "all pods", cluster.pods());
            case 14 -> cut("a pod from the database", pod(), List.of(cluster.database()));
            case 15 -> oneWay("a pod", pod(), "the database", List.of(cluster.database()));
            case 16 -> cut("a node from all pods", node(), cluster.pods());
            case 17 -> oneWay("a node", node(), "all pods", cluster.pods());
            case 18 -> slow("a pod", pod());
            case 19 -> random.nextBoolean() ? slow("a node", node()) : slow("the database", cluster.database());
            case 20 -> clock();
            case 21 -> restart("a pod", pod());
            case 22 -> rollingRestart();
            default -> restart("the database", cluster.database());
        };
    }

    /** What a cluster bears in which each key is in the memory of two pods. */
    Fault ofOnePod(int millis) {
        return switch (random.nextInt(11)) {
            case 0, 1 -> kill("kill -9 a pod", pods(1));
            case 2 -> kill("kill -9 a node", List.of(node()));
            case 3, 4 -> pause("a pod", pod(), millis);
            case 5 -> pause("a node", node(), millis);
            case 6 -> cut("a pod from all pods", pod(), cluster.pods());
            case 7 -> cut("a node from all pods", node(), cluster.pods());
            case 8 -> slow("a pod", pod());
            case 9 -> clock();
            default -> restart("a pod", pod());
        };
    }

    private Pod pod() {
        return cluster.pods().get(random.nextInt(Cluster.PODS));
    }

    private Node node() {
        return cluster.nodes().get(random.nextInt(Cluster.NODES));
    }

    private List<Pod> pods(int count) {
        List<Pod> pods = new ArrayList<>(cluster.pods());
        Collections.shuffle(pods, random);
        return List.copyOf(pods.subList(0, count));
    }

    private static Fault kill(String kind, List<? extends Server> servers) {
        return new Fault(
                kind,
                servers.toString(),
                () -> {
                    List<? extends Server> alive =
                            servers.stream().filter(Server::isAlive).toList();
                    alive.forEach(Server::kill);
                    return !alive.isEmpty();
                },
                () -> servers.forEach(Faults::start));
    }

    private static void start(Server server) {
        if (!server.isAlive()) {
            server.start();
        }
    }

    private static boolean canStop(Server server) {
        return server.isAlive() && !server.isPaused();
    }

    private static Fault pause(String what, Server server, int millis) {
        return new Fault(
                "pause " + what + (millis < LONG_PAUSE_MILLIS ? " for less than 5 s" : " for 5 to 30 s"),
                server.toString(),
                () -> {
                    boolean pauses = canStop(server);
                    if (pauses) {
                        server.pause();
                    }
                    return pauses;
                },
                server::resume);
    }

    private static List<Host> others(Server server, List<? extends Server> servers) {
        return servers.stream()
                .map(Server::host)
                .filter(host -> !host.equals(server.host()))
                .toList();
    }

    private static Fault cut(String kind, Server server, List<? extends Server> from) {
        List<Host> others = others(server, from);
        return new Fault(
                "cut " + kind,
                server + " from " + others,
                () -> {
                    others.forEach(server.host()::deafTo);
                    others.forEach(server.host()::muteTo);
                    return server.isAlive();
                },
                server.host()::heal);
    }

    private Fault cutTwoPods() {
        List<Pod> two = pods(2);
        return cut("two pods apart", two.get(0), two.subList(1, 2));
    }

    private Fault oneWay(String what, Server server, String whom, List<? extends Server> from) {
        List<Host> others = others(server, from);
        boolean deaf = random.nextBoolean();
        return new Fault(
                deaf ? what + " does not hear " + whom : what + " is not heard by " + whom,
                server + ", " + others,
                () -> {
                    others.forEach(deaf ? server.host()::deafTo : server.host()::muteTo);
                    return server.isAlive();
                },
                server.host()::heal);
    }

    private static Fault slow(String what, Server server) {
        return new Fault(
                "a slow link of " + what,
                server.toString(),
                () -> {
                    server.host().slow(DROPPED, KILOBITS_PER_SECOND);
                    return server.isAlive();
                },
                server.host()::heal);
    }

    private Fault clock() {
        Pod pod = pod();
        boolean forward = random.nextBoolean();
        int seconds = forward ? CLOCK_STEP_SECONDS : -CLOCK_STEP_SECONDS;
        return new Fault(
                CLOCK_STEP + (forward ? " forward" : " back"),
                pod + " by " + seconds + " s",
                () -> {
                    pod.stepClock(seconds);
                    return pod.isAlive();
                },
                () -> pod.stepClock(0));
    }

    private static Fault restart(String what, Server server) {
        return new Fault(
                "restart " + what,
                server.toString(),
                () -> {
                    boolean stops = canStop(server);
                    if (stops) {
                        server.stop();
                    }
                    return stops;
                },
                () -> start(server));
    }

    /** One pod after the other leaves and comes back, as when a new version is rolled out. */
    private Fault rollingRestart() {
        List<Pod> pods = pods(Cluster.PODS);
        return new Fault(
                ROLLING_RESTART,
                pods.toString(),
                () -> {
                    boolean restarts = false;
                    for (Pod pod : pods) {
                        if (canStop(pod)) {
                            pod.stop();
                            pod.start();
                            cluster.awaitReady(pod, ROLLING);
                            restarts = true;
                        }
                    }
                    return restarts;
                },
                () -> {});
    }
}
