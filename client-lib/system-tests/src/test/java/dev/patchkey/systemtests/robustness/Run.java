package dev.patchkey.systemtests.robustness;

import com.fasterxml.jackson.databind.JsonNode;
import dev.patchkey.systemtests.robustness.cluster.Cluster;
import dev.patchkey.systemtests.robustness.cluster.Node;
import dev.patchkey.systemtests.robustness.cluster.Pod;
import dev.patchkey.systemtests.robustness.cluster.Store;
import dev.patchkey.systemtests.robustness.faults.Plan;
import dev.patchkey.systemtests.robustness.faults.Storm;
import dev.patchkey.systemtests.robustness.history.Answer;
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
import dev.patchkey.systemtests.robustness.validation.Validation;
import dev.patchkey.systemtests.robustness.validation.Violation;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** One seed: traffic and a storm, then peace, then the judgement. */
final class Run {

    /** Leases and silent members end within it, with some time to look, and what was lost meanwhile is mended. */
    private static final Duration PEACE =
            Traffic.LONGEST_LEASE.plus(Finale.EXPIRY_DELAY).plusSeconds(7);

    private static final long POLL_MILLIS = 500;

    private static final int PAGE = 900;

    /**
     * What came of a seed.
     *
     * @param kinds of the faults that were injected
     */
    record Result(long seed, Plan plan, History history, List<String> kinds, List<Violation> violations) {}

    private final Cluster cluster;
    private final long seed;
    private final String name;
    private final List<String> keys;
    private final Http http = new Http();

    Run(Cluster cluster, long seed, long attempt) {
        this.cluster = cluster;
        this.seed = seed;
        this.name = "s" + seed + "." + attempt;
        this.keys = List.of(name + ".k0", name + ".k1", name + ".k2", name + ".k3");
    }

    Result play(Duration length) throws InterruptedException, IOException {
        cluster.startNodes(name, keys, seed, keepsRows());
        Plan plan = Plan.draw(cluster, seed, length);
        System.out.println("seed " + seed + " on the " + cluster.store() + " store:\n" + plan);
        Traffic traffic = new Traffic(name, seed, cluster.uris(), keys, keepsRows());
        Storm storm = new Storm(cluster, plan);
        try {
            storm.rage();
            cluster.revive();
            cluster.awaitReady();
        } finally {
            traffic.stop();
        }
        cluster.nodes().forEach(Node::rest);
        List<Row> rows = List.of();
        List<Finale> finales = List.of();
        long end = System.nanoTime() + PEACE.toNanos();
        List<Violation> violations = List.of();
        History history;
        do {
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
            rows = rows();
            finales = finales(traffic);
            history = new History(traffic.calls(), rows, List.of(), finales, List.of());
            violations = judge(history);
        } while (!violations.isEmpty() && System.nanoTime() - end < 0);
        List<Sighting> sightings = new ArrayList<>();
        List<String> brokenPromises = new ArrayList<>();
        cluster.nodes().forEach(node -> node.collect(sightings, brokenPromises));
        history = new History(traffic.calls(), rows, sightings, finales, brokenPromises);
        return new Result(seed, plan, history, storm.kinds(), judge(history));
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

    private List<Finale> finales(Traffic traffic) throws IOException {
        Map<String, Node.Last> nodes = new HashMap<>();
        for (Node node : cluster.nodes()) {
            nodes.put(node.id(), node.last());
        }
        List<Finale> finales = new ArrayList<>();
        for (String key : keys) {
            Map<String, Seen> byPod = new HashMap<>();
            for (Pod pod : cluster.pods()) {
                JsonNode answer = http.send(pod.uri(), "GET", "/v1/keys/" + key, null, null)
                        .body();
                byPod.put(pod.toString(), new Seen(answer.path("count").asInt(), version(answer)));
            }
            Map<String, Seen> byNode = new HashMap<>();
            Set<String> held = new HashSet<>();
            nodes.forEach((id, last) -> {
                byNode.put(id + " (" + last.phase() + ")", last.seen().get(key));
                if (last.held().contains(key)) {
                    held.add(id);
                }
            });
            Set<String> holders = new HashSet<>();
            get("/v1/keys/" + key + "?consistency=strong")
                    .path("holds")
                    .forEach(hold -> holders.add(hold.path("holder").asText()));
            held.addAll(held(key, traffic, holders));
            finales.add(new Finale(key, byPod, byNode, holders, held));
        }
        return finales;
    }

    /** The holds without lease of callers that must stand, and of those that may, the ones that do. */
    private static Set<String> held(String key, Traffic traffic, Set<String> holders) {
        Set<String> held = new HashSet<>();
        Set<String> released = new HashSet<>();
        for (Call call : traffic.calls()) {
            if (call.operation() instanceof Operation.Release release) {
                released.add(release.holder());
            }
        }
        for (Call call : traffic.calls()) {
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
