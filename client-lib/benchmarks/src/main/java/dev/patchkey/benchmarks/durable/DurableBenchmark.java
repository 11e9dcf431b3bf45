package dev.patchkey.benchmarks.durable;

import dev.patchkey.benchmarks.Report;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Acknowledged increments per second on one hot key and on 1,000 keys, by 16 and by 64 callers: the service on its stores,
 * with one pod and with three, beside as many servers of etcd and ZooKeeper, and PostgreSQL alone. One after the other,
 * with their data on the same disk; the load comes from the same machine and takes its share of the cores.
 */
public final class DurableBenchmark {

    private static final int[] KEYS = {1, 1000};
    private static final int[] CONNECTIONS = {16, 64};

    /** Of the service's own pool, by its defaults. */
    private static final int POOL = 10;

    private static final long SECOND = 1_000_000_000;

    /** Before the first row of each, thrown away: JVMs that have just started compile for most of this. */
    private static final Load.Times WARM_UP = new Load.Times(0, 1, 40 * SECOND);

    /** The same for several servers, whose compilers share the cores. */
    private static final Load.Times LONG_WARM_UP = new Load.Times(0, 1, 80 * SECOND);

    private static final Load.Times MEASURED = new Load.Times(5 * SECOND, 3, 4 * SECOND);
    private static final Load.Times QUICK_WARM_UP = new Load.Times(0, 1, 3 * SECOND);
    private static final Load.Times QUICK = new Load.Times(SECOND / 2, 3, SECOND);

    /** Something that is measured, and what it is called in the table. */
    private record Subject(String name, int servers, Start start) {
        interface Start {
            Counters start() throws Exception;
        }
    }

    private record Shape(int servers, int connections, int keys) {}

    private record Row(String name, Shape shape, Load.Result result) {}

    private static final String ETCD = "etcd";
    private static final String ZOOKEEPER = "ZooKeeper";

    private final Report report;
    private final List<Row> rows = new ArrayList<>();

    private DurableBenchmark(Report report) {
        this.report = report;
    }

    /** @throws IllegalArgumentException if a peer that must be installed is not */
    public static void requirePeers() {
        if (EtcdCounters.executable().isEmpty()) {
            throw new IllegalArgumentException(EtcdCounters.missing());
        }
    }

    /** @param service the service's jar and the {@code java} to run it with */
    public static void run(Report report, List<String> service) throws Exception {
        System.out.println("measuring durable increments");
        DurableBenchmark benchmark = new DurableBenchmark(report);
        try (PostgreSqlServer postgreSql = new PostgreSqlServer()) {
            for (String database : List.of("one", "three", "alone", "alone_64")) {
                postgreSql.createDatabase(database);
            }
            for (Subject subject : subjects(service, postgreSql)) {
                benchmark.measure(subject);
            }
        }
        benchmark.tell();
    }

    private static List<Subject> subjects(List<String> service, PostgreSqlServer postgreSql) {
        String hazelcast = "--patchkey.store=hazelcast";
        return List.of(
                new Subject(ETCD, 1, () -> new EtcdCounters(1)),
                new Subject(ZOOKEEPER, 1, () -> new ZooKeeperCounters(1)),
                new Subject(
                        "PostgreSQL alone, pool of " + POOL,
                        1,
                        () -> new PostgreSqlCounters(postgreSql, "alone", POOL)),
                new Subject(
                        "PostgreSQL alone, pool of 64", 1, () -> new PostgreSqlCounters(postgreSql, "alone_64", 64)),
                new Subject("**Patchkey, H2**", 1, () -> new PatchkeyCounters(service, 1, "--patchkey.store=jdbc")),
                new Subject(
                        "**Patchkey, PostgreSQL**",
                        1,
                        () -> new PatchkeyCounters(service, 1, PatchkeyCounters.on(postgreSql, "one"))),
                new Subject("**Patchkey, `hazelcast`**", 1, () -> new PatchkeyCounters(service, 1, hazelcast)),
                new Subject(ETCD, 3, () -> new EtcdCounters(3)),
                new Subject(ZOOKEEPER, 3, () -> new ZooKeeperCounters(3)),
                new Subject(
                        "**Patchkey, PostgreSQL**",
                        3,
                        () -> new PatchkeyCounters(service, 3, PatchkeyCounters.on(postgreSql, "three"))),
                new Subject("**Patchkey, `hazelcast`**", 3, () -> new PatchkeyCounters(service, 3, hazelcast)));
    }

    private void measure(Subject subject) throws Exception {
        try (Counters counters = subject.start().start()) {
            Load.Times warmUp = subject.servers() == 1 ? WARM_UP : LONG_WARM_UP;
            Load.run(counters, Load.keys(1000), 64, report.isQuick() ? QUICK_WARM_UP : warmUp);
            for (int keys : KEYS) {
                for (int connections : CONNECTIONS) {
                    Load.Times times = report.isQuick() ? QUICK : MEASURED;
                    Load.Result result = Load.run(counters, Load.keys(keys), connections, times);
                    if (result.sorted().length == 0) {
                        throw new IllegalStateException("nothing was acknowledged while it was measured: " + subject);
                    }
                    Row row = new Row(subject.name(), new Shape(subject.servers(), connections, keys), result);
                    rows.add(row);
                    System.out.println(raw(row));
                }
            }
        }
    }

    private static String raw(Row row) {
        Load.Result result = row.result();
        return "%s, %d servers, %d connections, %d keys: %s increments/s; p50 %.3f ms; p99 %.3f ms; longest %.3f ms; %.3f attempts; %d errors"
                .formatted(
                        row.name().replaceAll("[*`]", ""),
                        row.shape().servers(),
                        row.shape().connections(),
                        row.shape().keys(),
                        Arrays.stream(result.perSecond())
                                .mapToObj("%.1f"::formatted)
                                .collect(Collectors.joining(" ")),
                        result.millis(0.5),
                        result.millis(0.99),
                        result.millis(1),
                        result.attemptsEach(),
                        result.errors());
    }

    private void tell() throws IOException {
        report.raw("durable", rows.stream().map(DurableBenchmark::raw).toList());
        Map<String, Map<Shape, Double>> medians = new HashMap<>();
        for (Row row : rows) {
            medians.computeIfAbsent(row.name(), name -> new HashMap<>())
                    .put(row.shape(), row.result().median());
        }
        for (int servers : new int[] {1, 3}) {
            for (int keys : KEYS) {
                report.table(
                        "Durable increments, %s, %s"
                                .formatted(
                                        keys == 1 ? "one hot key" : "%,d keys".formatted(keys),
                                        servers == 1 ? "one server" : servers + " servers"),
                        List.of(
                                "",
                                "callers",
                                "increments/s (least to most)",
                                "p50, ms",
                                "p99, ms",
                                "attempts",
                                "errors",
                                "ratio to etcd",
                                "ratio to ZooKeeper"),
                        rows.stream()
                                .filter(row -> row.shape().servers() == servers
                                        && row.shape().keys() == keys)
                                .map(row -> cells(row, medians))
                                .toList());
            }
        }
    }

    private static List<String> cells(Row row, Map<String, Map<Shape, Double>> medians) {
        Load.Result result = row.result();
        double[] rates = result.perSecond();
        return List.of(
                row.name(),
                Integer.toString(row.shape().connections()),
                "%,.0f (%,.0f to %,.0f)"
                        .formatted(
                                result.median(),
                                Arrays.stream(rates).min().orElseThrow(),
                                Arrays.stream(rates).max().orElseThrow()),
                "%.2f".formatted(result.millis(0.5)),
                "%.2f".formatted(result.millis(0.99)),
                "%.2f".formatted(result.attemptsEach()),
                Integer.toString(result.errors()),
                ratio(row, medians.get(ETCD)),
                ratio(row, medians.get(ZOOKEEPER)));
    }

    private static String ratio(Row row, @Nullable Map<Shape, Double> peer) {
        Double base = peer == null ? null : peer.get(row.shape());
        return base == null ? "" : "%.2f".formatted(row.result().median() / base);
    }
}
