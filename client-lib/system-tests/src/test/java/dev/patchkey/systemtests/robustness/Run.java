package dev.patchkey.systemtests.robustness;

import com.fasterxml.jackson.databind.JsonNode;
import dev.patchkey.systemtests.robustness.cluster.Cluster;
import dev.patchkey.systemtests.robustness.cluster.Node;
import dev.patchkey.systemtests.robustness.cluster.Pod;
import dev.patchkey.systemtests.robustness.cluster.Store;
import dev.patchkey.systemtests.robustness.faults.Plan;
import dev.patchkey.systemtests.robustness.faults.Storm;
import dev.patchkey.systemtests.robustness.history.Answer;
import dev.patchkey.systemtests.robustness.history.BrokenPromise;
import dev.patchkey.systemtests.robustness.history.Call;
import dev.patchkey.systemtests.robustness.history.Finale;
import dev.patchkey.systemtests.robustness.history.Finale.Seen;
import dev.patchkey.systemtests.robustness.history.History;
import dev.patchkey.systemtests.robustness.history.Operation;
import dev.patchkey.systemtests.robustness.history.Row;
import dev.patchkey.systemtests.robustness.history.Sighting;
import dev.patchkey.systemtests.robustness.history.Version;
import dev.patchkey.systemtests.robustness.traffic.Http;
import dev.patchkey.systemtests.robustness.traffic.Traffic;
import dev.patchkey.systemtests.robustness.validation.Vacuity;
import dev.patchkey.systemtests.robustness.validation.Validation;
import dev.patchkey.systemtests.robustness.validation.Violation;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** One seed: traffic and a storm, then peace, then the judgement. */
final class Run {

    /** What faults have left behind is met by these calls; and there is something to judge after the worst storm. */
    private static final Duration AFTERMATH = Duration.ofSeconds(3);

    /** Leases and silent members end within it, with some time to look, and what was lost meanwhile is mended. */
    private static final Duration PEACE =
            Traffic.LONGEST_LEASE.plus(Finale.EXPIRY_DELAY).plusSeconds(7);

    private static final long POLL_MILLIS = 500;

    private static final int PAGE = 900;

    /** Of a key that a node does not mirror. */
    private static final Seen UNSEEN = new Seen(0, Version.NONE, false);

    /**
     * What came of a seed.
     *
     * @param kinds of the faults that were injected
     * @param watched for how long the nodes, added up, were live in the storm
     */
    record Result(
            long seed, String plan, History history, List<String> kinds, Duration watched, List<Violation> violations) {

        /** Whether it came to its end, whatever was found. */
        boolean isWhole() {
            return violations.stream()
                    .noneMatch(violation -> violation.promise().equals(BrokenPromise.RUN));
        }
    }

    private final Cluster cluster;
    private final long seed;
    private final String name;
    private final List<String> keys;
    private final Http http = new Http();

    private String plan = "";
    private List<String> kinds = List.of();
    private List<Call> calls = List.of();
    private List<Row> rows = List.of();
    private List<Finale> finales = List.of();
    private long begin;
    private long end;

    Run(Cluster cluster, long seed, long attempt) {
        this.cluster = cluster;
        this.seed = seed;
        this.name = "s" + seed + "." + attempt;
        this.keys = List.of(name + ".k0", name + ".k1", name + ".k2", name + ".k3");
    }

    /** Plays it. What keeps it from its end is a violation too, beside what the history shows up to then. */
    Result play(Duration length) throws InterruptedException, IOException {
        List<Violation> violations = new ArrayList<>();
        try {
            storm(length);
            cluster.nodes().forEach(Node::rest);
            violations.addAll(settle());
            History history = history();
            violations.addAll(judge(history));
            violations.addAll(new Vacuity(history, begin, end).check(kinds.size()));
        } catch (RuntimeException | AssertionError e) {
            StringWriter trace = new StringWriter();
            e.printStackTrace(new PrintWriter(trace));
            violations.add(new Violation(BrokenPromise.RUN, trace.toString()));
            violations.addAll(Validation.asSeen(history()));
        }
        cluster.troubles().forEach(trouble -> violations.add(new Violation(BrokenPromise.RUN, trouble)));
        History history = history();
        return new Result(seed, plan, history, kinds, new Vacuity(history, begin, end).watched(), violations);
    }

    private void storm(Duration length) throws InterruptedException {
        cluster.startNodes(name, keys, seed, keepsRows());
        cluster.awaitNodes();
        Plan drawn = Plan.draw(cluster, seed, length);
        plan = drawn.toString();
        System.out.println("seed " + seed + " on the " + cluster.store() + " store:\n" + plan);
        begin = System.nanoTime();
        end = begin;
        Storm storm = new Storm(cluster, drawn);
        kinds = storm.kinds();
        Traffic traffic = new Traffic(name, seed, cluster.uris(), keys, keepsRows());
        Throwable failure = null;
        try {
            storm.rage();
            end = System.nanoTime();
            cluster.revive();
            cluster.awaitReady();
            TimeUnit.MILLISECONDS.sleep(AFTERMATH.toMillis());
        } catch (RuntimeException | AssertionError e) {
            failure = e;
            throw e;
        } finally {
            stop(traffic, failure);
        }
    }

    private void stop(Traffic traffic, @Nullable Throwable failure) throws InterruptedException {
        try {
            traffic.stop();
        } catch (AssertionError e) {
            if (failure == null) {
                throw e;
            }
            failure.addSuppressed(e);
        } finally {
            calls = traffic.calls();
        }
    }

    /** Waits until what all say keeps every promise, or peace is over; returns what kept it from being looked at. */
    private List<Violation> settle() throws InterruptedException {
        long over = System.nanoTime() + PEACE.toNanos();
        while (true) { // ends: with peace
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
            boolean last = System.nanoTime() - over >= 0;
            try {
                rows = rows();
                finales = finales();
                if (last
                        || judge(new History(calls, rows, List.of(), finales, List.of(), nodes()))
                                .isEmpty()) {
                    return List.of();
                }
            } catch (IOException e) {
                if (last) {
                    return List.of(new Violation("S3", "a pod does not answer, although all is healed: " + e));
                }
            }
        }
    }

    /** Of what is known by now. */
    private History history() {
        List<Sighting> sightings = new ArrayList<>();
        List<BrokenPromise> brokenPromises = new ArrayList<>();
        cluster.nodes().forEach(node -> node.collect(sightings, brokenPromises));
        return new History(calls, rows, sightings, finales, brokenPromises, nodes());
    }

    private Set<String> nodes() {
        return cluster.nodes().stream().map(Node::id).collect(Collectors.toSet());
    }

    /** Where no rows are kept, they are found out from the answers: then callers alone may change keys, and no lease. */
    private boolean keepsRows() {
        return cluster.store() == Store.JDBC;
    }

    private List<Violation> judge(History history) {
        return keepsRows() ? Validation.check(history) : Validation.checkWithoutRows(history);
    }

    private List<Row> rows() throws IOException {
        List<Row> rows = new ArrayList<>();
        if (!keepsRows()) {
            return rows;
        }
        for (String key : keys) {
            long before = Long.MAX_VALUE;
            while (before > 0) { // ends: each page is of older revisions
                JsonNode page = get("/v1/keys/" + key + "/history?limit=" + PAGE
                        + (before == Long.MAX_VALUE ? "" : "&before=" + before));
                for (JsonNode line : page.path("changes")) {
                    rows.add(new Row(
                            key,
                            version(line),
                            line.path("action").asText(),
                            line.path("holder").asText(null),
                            line.path("reason").asText(null),
                            line.path("count").asInt()));
                }
                before = page.path("next").asLong();
            }
        }
        return rows;
    }

    private JsonNode get(String path) throws IOException {
        URI pod = cluster.pods().get(0).uri();
        return http.send(pod, "GET", path, null, null).body();
    }

    private static Version version(JsonNode json) {
        return new Version(json.path("epoch").asLong(), json.path("revision").asLong());
    }

    private List<Finale> finales() throws IOException {
        Map<String, Node.Last> nodes = new HashMap<>();
        for (Node node : cluster.nodes()) {
            nodes.put(node.id(), node.last());
        }
        List<Finale> finales = new ArrayList<>();
        for (String key : keys) {
            Map<String, Seen> byPod = new HashMap<>();
            for (Pod pod : cluster.pods()) {
                byPod.put(pod.toString(), seen(http.send(pod.uri(), "GET", "/v1/keys/" + key, null, null)));
            }
            Map<String, Seen> byNode = new HashMap<>();
            Set<String> held = new HashSet<>();
            nodes.forEach((id, last) -> {
                byNode.put(id + " (" + last.phase() + ")", last.seen().getOrDefault(key, UNSEEN));
                if (last.held().contains(key)) {
                    held.add(id);
                }
            });
            Set<String> holders = new HashSet<>();
            get("/v1/keys/" + key + "?consistency=strong")
                    .path("holds")
                    .forEach(hold -> holders.add(hold.path("holder").asText()));
            held.addAll(held(key, holders));
            finales.add(new Finale(key, byPod, byNode, holders, held));
        }
        return finales;
    }

    private static Seen seen(Http.Reply reply) {
        JsonNode body = reply.body();
        boolean fresh = reply.status() == 200 && !body.path("stale").asBoolean();
        return new Seen(body.path("count").asInt(), version(body), fresh);
    }

    /** The holds without lease of callers that must stand, and of those that may, the ones that do. */
    private Set<String> held(String key, Set<String> holders) {
        Set<String> held = new HashSet<>();
        Set<String> released = new HashSet<>();
        for (Call call : calls) {
            if (call.operation() instanceof Operation.Release release) {
                released.add(release.holder());
            }
        }
        for (Call call : calls) {
            boolean sure = call.answer() instanceof Answer.Done;
            if (call.operation() instanceof Operation.Acquire acquire
                    && acquire.lease() == null
                    && acquire.key().equals(key)
                    && !released.contains(acquire.holder())
                    && (sure || holders.contains(acquire.holder()))) {
                held.add(acquire.holder());
            }
            if (call.operation() instanceof Operation.Release release
                    && !sure
                    && release.key().equals(key)
                    && holders.contains(release.holder())) {
                held.add(release.holder());
            }
        }
        return held;
    }
}
