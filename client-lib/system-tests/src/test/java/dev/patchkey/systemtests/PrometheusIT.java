package dev.patchkey.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * A real Prometheus scrapes pods over a real PostgreSQL, and nodes, under traffic and faults, and has an answer to whatever the dashboard
 * and the rules ask; to an alert's question, when there is something to alert of and not before.
 */
class PrometheusIT {

    private static final Path CHART = Path.of("../../helm/patchkey");
    private static final Path RULES = CHART.resolve("rules/patchkey.yaml");
    private static final Path TESTS_OF_RULES = CHART.resolve("rules/tests/patchkey-test.yaml");
    private static final Path DASHBOARD = CHART.resolve("dashboards/patchkey.json");

    private static final String EVERY_KEY = ".*";

    /** A node of each on a JDK of its own, on which everything that is asked of nodes has an answer. */
    private static final String READERS = "readers";

    private static final String HOLDERS = "holders";

    /** What is there only while a node lags. */
    private static final String LAGS = "patchkey_node_lag_seconds";

    /**
     * Alerts whose fault would take too long to make, with what they watch, to which there is an answer all the same. A file
     * of tokens must have been outdated for five minutes, a node be stuck three times for half a minute, a pod not be scraped and be no less
     * there; and the store is a database.
     */
    private static final Map<String, String> NOT_MADE = Map.of(
            "PatchkeyTokensFileOutdated",
            "max by (job, instance) (patchkey_security_tokens_file_age_seconds)",
            "PatchkeyNodesStuck",
            "sum by (job) (increase(patchkey_channel_closes_total{reason=\"stuck\"}[10m]))",
            "PatchkeyCopiesMissing",
            "min by (job) (patchkey_cluster_partitions_safe)",
            "PatchkeyMetricsFrozen",
            "max by (job, instance) (patchkey_metrics_look_age_seconds)",
            "PatchkeyQuorumLost",
            "min by (job) (patchkey_cluster_members)",
            "PatchkeyNotScraped",
            "max by (job) (max_over_time(patchkey_cluster_size[1d]))",
            "PatchkeyPodsNotScraped",
            "count by (job) (patchkey_cluster_members)");

    /** Told by the slowest of all waits so far, of which a busy machine may have made some at the start. */
    private static final String PROPAGATION_SLOW = "PatchkeyPropagationSlow";

    /** The key of the traffic flaps more and more, the longer the rest takes to be well. */
    private static final String KEY_FLAPPING = "PatchkeyKeyFlapping";

    /** Half a minute until the pods form one cluster, and as much for a machine that is busy. */
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    /** Enough that their words are more than one in a hundred, and each late by more than the rule allows. */
    private static final int SLOW_NODES = 20;

    private static final Duration SLOW = Duration.ofSeconds(2);

    /** Nodes that a test makes by hand send no heartbeats, however long a busy machine takes. */
    private static final Duration LEASE = Duration.ofMinutes(2);

    /** Between the calls of one who waits: a few a second. */
    private static final Duration PAUSE = Duration.ofMillis(300);

    private static final int PROMTOOL_SECONDS = 30;

    /** More than one in ten seconds of five minutes, which is what the rule calls many. */
    private static final int CONFLICTS = 60;

    private static final String TOKEN =
            "pk_" + Base64.getUrlEncoder().withoutPadding().encodeToString(new byte[32]);

    /** To be closed, the last one first. */
    private final Deque<AutoCloseable> running = new ArrayDeque<>();

    /** Those alerts whose questions have had an answer. */
    private final Set<String> alerted = new HashSet<>();

    private EmbeddedPostgres database;
    private Path databaseFiles;
    private ServiceProcess first;
    private ServiceProcess second;
    private ServiceProcess stranger;
    private Prometheus prometheus;
    private final int readerMetrics = ServiceProcess.freePort();
    private final int holderMetrics = ServiceProcess.freePort();

    @SuppressWarnings("NullAway.Init") // start() sets the rest
    PrometheusIT() {}

    private <T extends AutoCloseable> T open(T opened) {
        running.push(opened);
        return opened;
    }

    private void start() throws IOException {
        databaseFiles = Processes.directory("database").resolve("data").toAbsolutePath();
        database =
                open(EmbeddedPostgres.builder().setDataDirectory(databaseFiles).start());
        first = open(new ServiceProcess(settings()));
        second = open(new ServiceProcess(settings()));
        for (ServiceProcess pod : List.of(first, second)) {
            pod.set(
                    "--patchkey.cluster.name=observed",
                    "--patchkey.cluster.discovery=static",
                    "--patchkey.cluster.members=" + first.member() + "," + second.member(),
                    "--patchkey.cluster.size=2",
                    "--patchkey.channel.lease=" + LEASE.toSeconds() + "s",
                    // The alert goes off with 15 s left, and 21 s are while all is well.
                    "--patchkey.channel.pod-lease=25s");
        }
        Path tokens = Processes.directory("tokens").toAbsolutePath();
        stranger = open(new ServiceProcess(settings()))
                .set("--patchkey.security.tokens-file=" + Files.writeString(tokens.resolve("tokens.yaml"), tokens()));
        prometheus = open(new Prometheus(RULES, """
                  - job_name: patchkey
                    metrics_path: /actuator/prometheus
                    static_configs:
                      - targets: ['%s', '%s']
                  - job_name: stranger
                    metrics_path: /actuator/prometheus
                    authorization:
                      credentials_file: %s
                    static_configs:
                      - targets: ['%s']
                  - job_name: %s
                    static_configs:
                      - targets: ['127.0.0.1:%d']
                  - job_name: %s
                    static_configs:
                      - targets: ['127.0.0.1:%d']
                """.formatted(
                        first.uri().getAuthority(),
                        second.uri().getAuthority(),
                        Files.writeString(tokens.resolve("token"), TOKEN),
                        stranger.uri().getAuthority(),
                        READERS,
                        readerMetrics,
                        HOLDERS,
                        holderMetrics)));
        CompletableFuture<Void> other = CompletableFuture.runAsync(second::start);
        first.start();
        other.join();
    }

    private String[] settings() {
        return new String[] {
            "--spring.datasource.url=" + database.getJdbcUrl("postgres", "postgres"), "--patchkey.metrics.interval=1s"
        };
    }

    private static String tokens() {
        return """
                tokens:
                  - name: prometheus
                    role: operator
                    prefixes: ['*']
                    hashes: ['sha256:%s']
                """.formatted(sha256(TOKEN));
    }

    private static String sha256(String text) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.US_ASCII)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    @AfterEach
    void end() {
        List<Throwable> failures = new ArrayList<>();
        for (AutoCloseable each : running) {
            try {
                each.close();
            } catch (Exception | AssertionError e) {
                failures.add(e);
            }
        }
        assertThat(failures).isEmpty();
    }

    @Test
    void theRulesAreRightAndDoAsTheirTestsSay() {
        assertThat(Processes.run(PROMTOOL_SECONDS, CHART, "promtool", "check", "rules", "rules/patchkey.yaml"))
                .contains("SUCCESS");
        assertThat(Processes.run(
                        PROMTOOL_SECONDS, CHART, "promtool", "test", "rules", "rules/tests/patchkey-test.yaml"))
                .contains("SUCCESS");
    }

    @Test
    void everyPanelAndEveryRuleIsAnswered() throws Exception {
        start();
        NodeProcess reader = open(new NodeProcess(first.uri(), "reader", 17, readerMetrics));
        NodeProcess holder = open(new NodeProcess(second.uri(), "holder", 25, holderMetrics));
        reader.ready();
        assertThat(holder.ready().ask("acquire " + NodeMain.SEED)).isEqualTo("held");
        Traffic traffic = open(new Traffic(() -> changeAndWait(first)));

        allIsWell();
        aNodeStandsStill(holder);
        nodesAreSlow();
        aKeyFlaps();
        aHoldIsForgotten();
        theDatabaseIsLocked();
        theDatabaseStandsStill();
        aKeyIsEnabledForTheFirstTime();
        anotherClusterCommits();
        aPodIsKilled();
        leasesEnd();
        traffic.close();

        String tests = Files.readString(TESTS_OF_RULES);
        NOT_MADE.forEach((alert, watched) -> {
            assertThat(alerts(alert))
                    .allSatisfy(rule -> assertThat(rule.expression()).startsWith(watched + " "));
            assertThat(prometheus.answers(watched)).as(watched).isTrue();
            assertThat(tests).contains("alertname: " + alert + "\n");
        });
        assertThat(Stream.concat(alerted.stream(), NOT_MADE.keySet().stream()))
                .as("every alert has had its fault")
                .containsExactlyInAnyOrderElementsOf(
                        alerts().stream().map(Question::from).toList());
    }

    private List<Question> alerts(String... names) {
        Set<String> wanted = Set.of(names);
        return prometheus.rules("alerting").stream()
                .filter(rule -> wanted.isEmpty() || wanted.contains(rule.from()))
                .toList();
    }

    private List<Question> unanswered(Collection<Question> questions) {
        return questions.stream()
                .filter(question -> !prometheus.answers(question.expression()))
                .toList();
    }

    private void awaitAnswers(Collection<Question> questions) {
        assertThat(questions).isNotEmpty();
        Awaitility.await("answers")
                .atMost(PATIENCE)
                .untilAsserted(() -> assertThat(unanswered(questions)).isEmpty());
    }

    /** Waits until these alerts' questions have an answer: there is something to alert of. */
    private void awaitAlerts(String... names) {
        List<Question> asked = alerts(names);
        assertThat(asked).extracting(Question::from).containsExactlyInAnyOrder(names);
        awaitAnswers(asked);
        alerted.addAll(List.of(names));
    }

    /** @param key what is chosen at the top */
    private static List<Question> dashboard(String key) throws IOException {
        return dashboard(key, READERS);
    }

    private static List<Question> dashboard(String key, String application) throws IOException {
        return Question.of(
                DASHBOARD,
                Map.of(
                        "job",
                        "patchkey",
                        "key",
                        key,
                        "application",
                        application,
                        "__rate_interval",
                        Prometheus.RATE_INTERVAL));
    }

    private void allIsWell() throws IOException {
        // Whatever is shown only where it has happened.
        try (RawNode garbage = new RawNode(first.uri())) {
            assertThat(garbage.send("garbage").closeCode()).isEqualTo(4400);
        }
        assertThat(first.post("/v1/keys/" + NodeMain.FLIP + "/increment", "Sec-Fetch-Site", "cross-site")
                        .status())
                .isEqualTo(403);
        assertThat(first.call("PUT", "/v1/keys/prometheus.leased/holds/alice", "{\"lease\": \"PT30M\"}")
                        .status())
                .isEqualTo(200);
        List<Question> asked = new ArrayList<>(prometheus.rules("recording"));
        for (Question rule : List.copyOf(asked)) {
            asked.add(new Question(rule.from(), rule.from()));
        }
        dashboard(EVERY_KEY).stream()
                .filter(question -> !question.expression().contains(LAGS))
                .forEach(asked::add);
        List<Question> ofNodes = dashboard(EVERY_KEY, HOLDERS).stream()
                .filter(question -> question.expression().contains(HOLDERS))
                .toList();
        assertThat(ofNodes).hasSizeGreaterThan(10);
        asked.addAll(ofNodes);
        awaitAnswers(asked);
        List<Question> quiet = alerts().stream()
                .filter(rule -> !Set.of(PROPAGATION_SLOW, KEY_FLAPPING).contains(rule.from()))
                .toList();
        // The pods may have been a cluster each at first.
        Awaitility.await("no alert while all is well")
                .atMost(PATIENCE)
                .untilAsserted(() -> assertThat(unanswered(quiet)).containsExactlyElementsOf(quiet));
    }

    private void aNodeStandsStill(NodeProcess node) throws IOException {
        node.pause();
        try {
            awaitAlerts("PatchkeyNodeLagging");
            awaitAnswers(dashboard(EVERY_KEY).stream()
                    .filter(question -> question.expression().contains(LAGS))
                    .toList());
        } finally {
            node.resume();
        }
    }

    private void nodesAreSlow() {
        List<RawNode> slow = new ArrayList<>();
        for (int i = 0; i < SLOW_NODES; i++) {
            RawNode node = open(new RawNode(first.uri()));
            node.send(RawNode.hello("slow-" + i));
            apply(node, node.receive("snapshot"));
            slow.add(node);
        }
        List<JsonNode> changes =
                slow.stream().map(node -> node.receive("change")).toList();
        Awaitility.await().pollDelay(SLOW).atMost(SLOW.multipliedBy(2)).until(() -> true);
        for (int i = 0; i < SLOW_NODES; i++) {
            apply(slow.get(i), changes.get(i));
        }
        awaitAlerts(PROPAGATION_SLOW);
        slow.forEach(RawNode::close);
    }

    private static void apply(RawNode node, JsonNode message) {
        node.send("{\"type\":\"applied\",\"n\":" + message.path("n").asLong() + "}");
    }

    private void aKeyIsEnabledForTheFirstTime() throws IOException {
        String key = "prometheus.first-time";
        List<Question> annotations = dashboard(key).stream()
                .filter(question -> question.from().startsWith(Question.ANNOTATION))
                .toList();
        assertThat(unanswered(annotations)).containsExactlyElementsOf(annotations);
        assertThat(first.post("/v1/keys/" + key + "/increment").status()).isEqualTo(200);
        awaitAnswers(annotations);
    }

    /** One that the traffic leaves alone; an increase is seen of what is there already. */
    private void aKeyFlaps() {
        String edges = "job_key:patchkey_key_edges:increase10m{key=\"prometheus.flapping\"}";
        List<Question> flaps = List.of(new Question(KEY_FLAPPING, edges + " > 20"));
        flip("prometheus.flapping");
        awaitAnswers(List.of(new Question(KEY_FLAPPING, edges)));
        assertThat(unanswered(flaps)).isEqualTo(flaps);
        for (int i = 0; i < 15; i++) {
            flip("prometheus.flapping");
        }
        awaitAnswers(flaps);
        awaitAlerts(KEY_FLAPPING);
    }

    private void flip(String key) {
        for (String change : List.of("increment", "decrement")) {
            assertThat(first.post("/v1/keys/" + key + "/" + change).status()).isEqualTo(200);
        }
    }

    private void aHoldIsForgotten() throws SQLException {
        try (Connection connection = database.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement()) {
            assertThat(statement.executeUpdate(
                            "UPDATE holds SET since = since - INTERVAL '8 days' WHERE holder = 'alice'"))
                    .isEqualTo(1);
        }
        awaitAlerts("PatchkeyHoldHeldTooLong");
    }

    private void theDatabaseIsLocked() throws SQLException {
        try (Connection connection = database.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("SELECT revision FROM head FOR UPDATE");
            awaitAlerts("PatchkeyStoreTakesNoChanges");
            connection.rollback();
        }
        awaitChange(first);
    }

    private void theDatabaseStandsStill() throws IOException, SQLException {
        // A commit is under way, so its fate is not known: a connection that was idle is not trusted with any.
        haveCommitsWaitFor("nobody");
        Awaitility.await("a commit that waits").until(this::aCommitWaits);
        ProcessHandle server = serverOfDatabase();
        Processes.pause(server);
        // Now it starts none, and those that end stay as they are until it looks.
        List<ProcessHandle> sessions = server.descendants().toList();
        try {
            sessions.forEach(Processes::pause);
            awaitAlerts(
                    "PatchkeyStoreUnreachable",
                    "PatchkeyReadsStale",
                    "PatchkeyPodLeaseEnding",
                    "PatchkeyOutcomesUnknown");
        } finally {
            sessions.forEach(Processes::resume);
            Processes.resume(server);
        }
        haveCommitsWaitFor("");
        awaitChange(first);
    }

    /** The process that starts the others. */
    private ProcessHandle serverOfDatabase() throws IOException {
        List<String> lines = Files.readAllLines(databaseFiles.resolve("postmaster.pid"));
        return ProcessHandle.of(Long.parseLong(lines.get(0).strip())).orElseThrow();
    }

    private static void awaitChange(ServiceProcess pod) {
        Awaitility.await("changes are taken")
                .atMost(PATIENCE)
                .untilAsserted(() -> assertThat(
                                pod.post("/v1/keys/prometheus.again/increment").status())
                        .isEqualTo(200));
    }

    /** @param standby of which there is none by that name; empty for nobody, so that a commit does not wait */
    private void haveCommitsWaitFor(String standby) throws SQLException {
        try (Connection connection = database.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("ALTER SYSTEM SET synchronous_standby_names = '" + standby + "'");
            statement.execute("SELECT pg_reload_conf()");
        }
    }

    /** Whether one that has moved the head does: leases are committed too. */
    private boolean aCommitWaits() throws SQLException {
        try (Connection connection = database.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement();
                ResultSet waiting =
                        statement.executeQuery("SELECT count(*) FROM pg_stat_activity JOIN pg_locks USING (pid)"
                                + " WHERE wait_event = 'SyncRep' AND relation = 'head'::regclass"
                                + " AND mode = 'RowExclusiveLock'")) {
            return waiting.next() && waiting.getLong(1) > 0;
        }
    }

    private void anotherClusterCommits() {
        stranger.start();
        for (int i = 0; i < CONFLICTS; i++) {
            assertThat(first.post("/v1/keys/prometheus.first/increment").status())
                    .isEqualTo(200);
            assertThat(stranger.post("/v1/keys/prometheus.stranger/increment", "Authorization", "Bearer " + TOKEN)
                            .status())
                    .isEqualTo(200);
        }
        awaitAlerts("PatchkeyFenceConflicts");
    }

    private void aPodIsKilled() {
        second.kill();
        awaitAlerts("PatchkeyPodsMissing", "PatchkeyPodsApart", "PatchkeyNodeCutOff");
    }

    /** Of those that were slow, and have said no bye. */
    private void leasesEnd() {
        String alert = "PatchkeyNodesExpired";
        Awaitility.await("leases that end")
                .atMost(LEASE.plus(PATIENCE))
                .until(() -> unanswered(alerts(alert)).isEmpty());
        awaitAlerts(alert);
    }

    private static void changeAndWait(ServiceProcess pod) throws IOException, InterruptedException {
        String key = "/v1/keys/" + NodeMain.FLIP;
        pod.send("POST", key + "/increment?await=applied&timeout=PT1S", null);
        pod.send("POST", key + "/decrement", null);
        pod.send("PUT", "/v1/keys/prometheus.expiring/holds/bob", "{\"lease\": \"PT1S\"}");
        Thread.sleep(PAUSE.toMillis());
    }

    /** Calls, again and again, whatever becomes of them. */
    private static final class Traffic implements AutoCloseable {

        private interface Calls {
            void make() throws IOException, InterruptedException;
        }

        private static final Duration TIME_TO_END = Duration.ofSeconds(60);

        private final Thread thread;
        private volatile boolean stopped;

        Traffic(Calls calls) {
            thread = new Thread(() -> run(calls), "traffic");
            thread.start();
        }

        private void run(Calls calls) {
            while (!stopped) {
                try {
                    calls.make();
                } catch (IOException e) {
                    // The next one may be answered.
                } catch (InterruptedException e) {
                    return;
                }
            }
        }

        @Override
        public void close() {
            stopped = true;
            try {
                thread.join(TIME_TO_END.toMillis());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            assertThat(thread.isAlive()).as("the traffic goes on").isFalse();
        }
    }
}
