package dev.patchkey.chart;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What one object says of another is true, and what all say of the service is so. */
class ConsistencyTest {

    private static final Path ROOT = Path.of("..");

    /** What {@code helm test} waits for by itself: 5 minutes. */
    private static final int HELM_WAITS_SECONDS = 300;

    @TempDir
    private static Path temporary;

    private static Chart chart = new Chart(Path.of(""));

    @BeforeAll
    static void copy() {
        chart = Chart.copyTo(temporary);
    }

    static Stream<Documents> cases() {
        return Chart.cases().stream().map(name -> chart.render(Chart.OLDEST_KUBERNETES, Chart.valuesOf(name)));
    }

    private static boolean selects(JsonNode labels, JsonNode selector) {
        return !selector.isMissingNode()
                && selector.properties().stream()
                        .allMatch(label -> labels.path(label.getKey()).equals(label.getValue()));
    }

    private static Set<String> texts(Stream<JsonNode> nodes) {
        return nodes.map(JsonNode::asText).collect(Collectors.toCollection(TreeSet::new));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void everySelectorFindsThePodsAndNotThatOfTheTest(Documents documents) {
        JsonNode pods = documents.pods().at("/metadata/labels");
        JsonNode test = documents.one("Pod").at("/metadata/labels");
        List<JsonNode> selectors = new ArrayList<>();
        documents.ofKind("Service").forEach(service -> selectors.add(service.at("/spec/selector")));
        selectors.add(documents.one("StatefulSet").at("/spec/selector/matchLabels"));
        documents
                .ofKind("PodDisruptionBudget")
                .forEach(budget -> selectors.add(budget.at("/spec/selector/matchLabels")));
        documents.ofKind("NetworkPolicy").forEach(policy -> selectors.add(policy.at("/spec/podSelector/matchLabels")));
        JsonNode spec = documents.pods().path("spec");
        Documents.elements(spec.path("topologySpreadConstraints"))
                .forEach(constraint -> selectors.add(constraint.at("/labelSelector/matchLabels")));
        JsonNode apart = spec.at("/affinity/podAntiAffinity");
        Documents.elements(apart.path("requiredDuringSchedulingIgnoredDuringExecution"))
                .forEach(term -> selectors.add(term.at("/labelSelector/matchLabels")));
        Documents.elements(apart.path("preferredDuringSchedulingIgnoredDuringExecution"))
                .forEach(term -> selectors.add(term.at("/podAffinityTerm/labelSelector/matchLabels")));
        assertThat(selectors).hasSizeGreaterThanOrEqualTo(3).allSatisfy(selector -> {
            assertThat(selector).isNotEmpty();
            assertThat(selects(pods, selector)).isTrue();
            assertThat(selects(test, selector)).isFalse();
        });
    }

    @ParameterizedTest
    @MethodSource("cases")
    void thePortsAreThoseThatTheServiceListensOn(Documents documents) {
        JsonNode settings = documents.settings();
        JsonNode ports = documents.container().path("ports");
        assertThat(port(ports, "http")).isEqualTo(settings.at("/server/port").asInt());
        assertThat(port(ports, "management"))
                .isEqualTo(settings.at("/management/server/port").asInt());
        assertThat(port(ports, "tcp-member"))
                .isEqualTo(settings.at("/patchkey/cluster/port").asInt());
        for (String probe : List.of("startupProbe", "readinessProbe", "livenessProbe")) {
            JsonNode asks = documents.container().at("/" + probe + "/httpGet");
            assertThat(asks.path("port").asText()).isEqualTo("management");
            assertThat(asks.path("scheme").asText())
                    .isEqualTo(settings.at("/management/server/ssl").isMissingNode() ? "HTTP" : "HTTPS");
        }
        Set<String> names = texts(Documents.elements(ports).map(port -> port.path("name")));
        for (JsonNode service : documents.ofKind("Service")) {
            assertThat(names)
                    .containsAll(
                            texts(Documents.elements(service.at("/spec/ports")).map(port -> port.path("targetPort"))));
        }
    }

    private static int port(JsonNode ports, String name) {
        return Documents.elements(ports)
                .filter(port -> port.path("name").asText().equals(name))
                .map(port -> port.path("containerPort").asInt())
                .findFirst()
                .orElseThrow();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void theMemberPortIsOpenToThePodsAlone(Documents documents) {
        Set<String> names =
                texts(Documents.elements(documents.container().path("ports")).map(port -> port.path("name")));
        for (JsonNode policy : documents.ofKind("NetworkPolicy")) {
            List<String> open = new ArrayList<>();
            for (JsonNode rule : policy.at("/spec/ingress")) {
                assertThat(rule.path("from"))
                        .as("peers, none of which would be everybody")
                        .isNotEmpty();
                assertThat(rule.path("ports")).hasSize(1);
                String port = rule.at("/ports/0/port").asText();
                open.add(port);
                if (port.equals("tcp-member")) {
                    assertThat(rule.path("from")).hasSize(1);
                    JsonNode peer = rule.at("/from/0");
                    assertThat(peer.properties()).hasSize(1);
                    assertThat(peer.at("/podSelector/matchLabels"))
                            .isEqualTo(policy.at("/spec/podSelector/matchLabels"));
                }
            }
            assertThat(open).containsExactlyInAnyOrderElementsOf(names);
            assertThat(texts(Documents.elements(policy.at("/spec/policyTypes"))))
                    .contains("Ingress");
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void thePodOfTheTestMayReachWhatItAsks(Documents documents) {
        JsonNode test = documents.one("Pod").at("/metadata/labels");
        for (JsonNode policy : documents.ofKind("NetworkPolicy")) {
            for (JsonNode rule : policy.at("/spec/ingress")) {
                boolean reaches = Documents.elements(rule.path("from"))
                        .anyMatch(peer ->
                                peer.properties().size() == 1 && selects(test, peer.at("/podSelector/matchLabels")));
                assertThat(reaches)
                        .as("port %s", rule.at("/ports/0/port"))
                        .isNotEqualTo(rule.at("/ports/0/port").asText().equals("tcp-member"));
            }
        }
        String set = documents.one("StatefulSet").at("/metadata/name").asText();
        Set<String> asked = new TreeSet<>();
        Documents.elements(documents.one("Pod").at("/spec/containers/0/env"))
                .flatMap(variable -> Stream.of(variable.path("value").asText().split(" ", -1)))
                .filter(value -> value.contains("://"))
                .forEach(value -> {
                    Matcher url = Pattern.compile("https?://(?:([a-z0-9-]+)\\.)?([a-z-]+):(\\d+)/.*")
                            .matcher(value);
                    assertThat(url.matches()).as(value).isTrue();
                    JsonNode service = documents.one("Service", url.group(2));
                    assertThat(Documents.elements(service.at("/spec/ports"))
                                    .map(port -> port.path("port").asText()))
                            .contains(url.group(3));
                    if (url.group(1) != null) {
                        assertThat(service.at("/spec/clusterIP").asText())
                                .as("of a service that has a name for each pod")
                                .isEqualTo("None");
                        asked.add(url.group(1));
                    }
                });
        assertThat(asked)
                .as("the pods that are asked whether they are ready")
                .isEqualTo(IntStream.range(0, pods(documents))
                        .mapToObj(pod -> set + "-" + pod)
                        .collect(Collectors.toCollection(TreeSet::new)));
    }

    /** How many there are at least when all are well. */
    private static int pods(Documents documents) {
        List<JsonNode> scalers = documents.ofKind("HorizontalPodAutoscaler");
        return scalers.isEmpty()
                ? documents.one("StatefulSet").at("/spec/replicas").asInt()
                : scalers.getFirst().at("/spec/minReplicas").asInt();
    }

    /** It asks on for as long as it may run, which is not for longer than Helm waits for it. */
    @ParameterizedTest
    @MethodSource("cases")
    void thePodOfTheTestWaitsForPodsThatAreStarting(Documents documents) {
        JsonNode spec = documents.one("Pod").path("spec");
        int deadline = spec.path("activeDeadlineSeconds").asInt();
        assertThat(deadline).isBetween(180, HELM_WAITS_SECONDS - 1);
        String script = spec.at("/containers/0/args/0").asText();
        Matcher retries = Pattern.compile("--retry (\\d+) --retry-delay (\\d+) --retry-all-errors")
                .matcher(script);
        assertThat(retries.find()).as(script).isTrue();
        assertThat(Integer.parseInt(retries.group(1)) * Integer.parseInt(retries.group(2)))
                .isGreaterThanOrEqualTo(deadline);
    }

    /** The image of the test names its user, which a kubelet cannot tell from root. */
    @Test
    void thePodOfTheTestMayHaveAUserOfItsOwn() {
        String user = "/spec/securityContext/runAsUser";
        assertThat(chart.render("jdbc-values.yaml", "{pod: {runAsUser: null}, test: {runAsUser: 100}}")
                        .one("Pod")
                        .at(user)
                        .asInt())
                .isEqualTo(100);
        assertThat(chart.render("jdbc-values.yaml", "pod: {runAsUser: null}")
                        .one("Pod")
                        .at(user)
                        .isMissingNode())
                .as("where the platform assigns it")
                .isTrue();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void thePodOfTheTestIsOneOfHelmTestAndOfNothingElse(Documents documents) {
        JsonNode annotations = documents.one("Pod").at("/metadata/annotations");
        assertThat(annotations.path("shown.by.tests/hook").asText()).isEqualTo("test");
    }

    @ParameterizedTest
    @MethodSource("cases")
    void whatMayBeTakenAwayAtATimeLeavesAQuorum(Documents documents) {
        JsonNode settings = documents.settings();
        JsonNode set = documents.one("StatefulSet").path("spec");
        boolean scaled = !documents.ofKind("HorizontalPodAutoscaler").isEmpty();
        int pods = pods(documents);
        assertThat(set.has("replicas"))
                .as("a number of pods beside the autoscaler's")
                .isNotEqualTo(scaled);
        boolean hazelcast = settings.at("/patchkey/store").asText().equals("hazelcast");
        int size = settings.at("/patchkey/cluster/size").asInt();
        int needed = hazelcast ? size / 2 + 1 : 1;
        assertThat(pods).isBetween(needed, hazelcast ? size : Integer.MAX_VALUE);
        for (JsonNode budget : documents.ofKind("PodDisruptionBudget")) {
            int left = pods - budget.at("/spec/maxUnavailable").asInt();
            assertThat(left).isGreaterThanOrEqualTo(pods == 1 ? 0 : needed);
            assertThat(budget.at("/spec/unhealthyPodEvictionPolicy").asText())
                    .isEqualTo(hazelcast ? "IfHealthyBudget" : "AlwaysAllow");
        }
        // A pod of the store hazelcast is ready when it has found the others, so that none may wait for one to be
        // ready.
        assertThat(set.path("podManagementPolicy").asText()).isEqualTo("Parallel");
        assertThat(set.at("/updateStrategy/type").asText()).isEqualTo("RollingUpdate");
        // One at a time, which is what no maxUnavailable is.
        assertThat(set.path("updateStrategy").has("rollingUpdate")).isFalse();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void readinessIsTheServicesOwnWhichKnowsOfItsQuorum(Documents documents) throws IOException {
        assertThat(documents.container().at("/readinessProbe/httpGet/path").asText())
                .isEqualTo("/actuator/health/readiness");
        assertThat(documents.container().at("/livenessProbe/httpGet/path").asText())
                .isEqualTo("/actuator/health/liveness");
        assertThat(service()
                        .at("/management/endpoint/health/group/readiness/include")
                        .asText())
                .contains("store");
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aPodHasDrainedBeforeItIsKilled(Documents documents) throws IOException {
        int preStop =
                documents.container().at("/lifecycle/preStop/sleep/seconds").asInt();
        int grace = documents.pods().at("/spec/terminationGracePeriodSeconds").asInt();
        assertThat(preStop).isPositive();
        assertThat(preStop + drainSeconds()).isLessThan(grace);
    }

    /** The bounds of the steps in which a pod leaves, as the reference has them. */
    private static int drainSeconds() throws IOException {
        String leaving = section(Files.readString(ROOT.resolve("docs/reference/configuration.md")), "Leaving");
        int sum = 0;
        int steps = 0;
        for (Matcher step = Pattern.compile("(?m)^\\|[^|]+\\| (\\d+) s \\|$").matcher(leaving); step.find(); steps++) {
            sum += Integer.parseInt(step.group(1));
        }
        assertThat(steps).as("steps with a bound in\n%s", leaving).isGreaterThanOrEqualTo(4);
        return sum;
    }

    static String section(String page, String title) {
        Matcher section =
                Pattern.compile("(?ms)^## " + title + "$(.*?)(^## |\\z)").matcher(page);
        assertThat(section.find()).as("section %s", title).isTrue();
        return section.group(1);
    }

    /** Templates refuse a grace period that is too short by a number of their own. */
    @Test
    void theChecksKnowHowLongAPodDrains() throws IOException {
        String checks = Files.readString(Chart.ORIGINAL.resolve("templates/_checks.tpl"));
        Matcher number = Pattern.compile("define \"patchkey.drainSeconds\" -}}(\\d+)\\{\\{")
                .matcher(checks);
        assertThat(number.find()).isTrue();
        assertThat(Integer.parseInt(number.group(1))).isGreaterThanOrEqualTo(drainSeconds());
        assertThat(service().at("/spring/lifecycle/timeout-per-shutdown-phase").asText())
                .as("which the reference's sum has in it")
                .isEqualTo("8s");
    }

    @ParameterizedTest
    @MethodSource("cases")
    void podsFindEachOtherByTheHeadlessService(Documents documents) {
        String name = documents.one("StatefulSet").at("/spec/serviceName").asText();
        JsonNode service = documents.one("Service", name);
        assertThat(service.at("/spec/clusterIP").asText()).isEqualTo("None");
        assertThat(service.at("/spec/publishNotReadyAddresses").asBoolean()).isTrue();
        JsonNode cluster = documents.settings().at("/patchkey/cluster");
        assertThat(cluster.path("discovery").asText()).isEqualTo("kubernetes");
        assertThat(cluster.path("members")).hasSize(1);
        assertThat(cluster.at("/members/0").asText()).startsWith(name + "." + Chart.NAMESPACE + ".svc.");
        assertThat(cluster.path("address").asText()).isEqualTo("${POD_IP}");
        assertThat(texts(Documents.elements(documents.container().path("env")).map(variable -> variable.path("name"))))
                .contains("POD_IP", "POD_NAME");
    }

    /** Kubernetes sets variables for each service, and PATCHKEY_… would be read as settings. */
    @ParameterizedTest
    @MethodSource("cases")
    void noServiceSetsVariablesOfAPod(Documents documents) {
        assertThat(documents.pods().at("/spec/enableServiceLinks").asBoolean(true))
                .isFalse();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void eachPodHasTheLeastRights(Documents documents) {
        for (JsonNode spec :
                List.of(documents.pods().path("spec"), documents.one("Pod").path("spec"))) {
            assertThat(spec.at("/automountServiceAccountToken").asBoolean(true)).isFalse();
            assertThat(spec.at("/securityContext/runAsNonRoot").asBoolean()).isTrue();
            assertThat(spec.at("/securityContext/runAsUser").asInt()).isPositive();
            assertThat(spec.at("/securityContext/seccompProfile/type").asText()).isEqualTo("RuntimeDefault");
            assertThat(spec.has("hostNetwork") || spec.has("hostPID") || spec.has("initContainers"))
                    .isFalse();
            assertThat(spec.path("containers")).hasSize(1);
            JsonNode container = spec.at("/containers/0");
            assertThat(container.at("/securityContext/allowPrivilegeEscalation").asBoolean(true))
                    .isFalse();
            assertThat(container.at("/securityContext/readOnlyRootFilesystem").asBoolean())
                    .isTrue();
            assertThat(texts(Documents.elements(container.at("/securityContext/capabilities/drop"))))
                    .containsExactly("ALL");
            assertThat(container.at("/securityContext/capabilities/add").isMissingNode())
                    .isTrue();
            assertThat(container.at("/resources/requests/memory").asText()).isNotEmpty();
            assertThat(container.at("/resources/limits/memory").asText()).isNotEmpty();
        }
        assertThat(documents.all())
                .noneMatch(document -> document.path("kind").asText().contains("Role"));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void secretsAreNamedAndNeverWritten(Documents documents) {
        assertThat(documents.ofKind("Secret")).isEmpty();
        assertThat(documents.settings().toString()).doesNotContainIgnoringCase("password");
        for (JsonNode variable : documents.container().path("env")) {
            if (Pattern.compile("(?i)password|secret|token|credential")
                    .matcher(variable.path("name").asText())
                    .find()) {
                assertThat(variable.has("value")).as("%s", variable).isFalse();
            }
        }
    }

    /** Each file of /run/patchkey and /etc/patchkey that the settings name is in a volume, and each volume is used. */
    @ParameterizedTest
    @MethodSource("cases")
    void eachFileThatTheSettingsNameIsMounted(Documents documents) {
        JsonNode spec = documents.pods().path("spec");
        Set<String> mounted = new TreeSet<>();
        Set<String> volumes = new TreeSet<>();
        for (JsonNode mount : documents.container().path("volumeMounts")) {
            String name = mount.path("name").asText();
            volumes.add(name);
            JsonNode volume = Documents.elements(spec.path("volumes"))
                    .filter(each -> each.path("name").asText().equals(name))
                    .findFirst()
                    .orElseThrow();
            assertThat(mount.has("subPath"))
                    .as("a change of a subPath does not reach the pod")
                    .isFalse();
            assertThat(mount.path("readOnly").asBoolean()).isEqualTo(!volume.has("emptyDir"));
            String at = mount.path("mountPath").asText() + "/";
            if (volume.has("configMap")) {
                documents
                        .one("ConfigMap", volume.at("/configMap/name").asText())
                        .path("data")
                        .fieldNames()
                        .forEachRemaining(file -> mounted.add(at + file));
            } else if (volume.has("secret") && volume.at("/secret/items").isMissingNode()) {
                // Of the type kubernetes.io/tls.
                mounted.addAll(List.of(at + "tls.crt", at + "tls.key"));
            } else {
                volume.at("/secret/items")
                        .forEach(item -> mounted.add(at + item.path("path").asText()));
            }
        }
        assertThat(texts(Documents.elements(spec.path("volumes")).map(volume -> volume.path("name"))))
                .isEqualTo(volumes);
        String texts = documents.settings() + documents.container().path("env").toString();
        Set<String> named = Pattern.compile("/(?:run|etc)/patchkey/[a-z.-]+(?:/[a-z.-]+)?")
                .matcher(texts)
                .results()
                .map(found -> found.group())
                .collect(Collectors.toCollection(TreeSet::new));
        // A tree of settings, each in a file of its name.
        if (named.remove("/run/patchkey/database")) {
            named.add("/run/patchkey/database/spring.datasource.username");
            named.add("/run/patchkey/database/spring.datasource.password");
        }
        assertThat(mounted).isEqualTo(named);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void theScraperFindsEachPodOnceAndItsPort(Documents documents) {
        for (JsonNode monitor : documents.ofKind("ServiceMonitor")) {
            List<JsonNode> found = documents.ofKind("Service").stream()
                    .filter(service ->
                            selects(service.at("/metadata/labels"), monitor.at("/spec/selector/matchLabels")))
                    .toList();
            assertThat(found).hasSize(1);
            assertThat(texts(Documents.elements(found.getFirst().at("/spec/ports"))
                            .map(port -> port.path("name"))))
                    .contains(monitor.at("/spec/endpoints/0/port").asText());
            // Or two releases of one name, in different namespaces, would be one service to the rules.
            JsonNode job = monitor.at("/spec/endpoints/0/relabelings/0");
            assertThat(job.path("targetLabel").asText()).isEqualTo("job");
            assertThat(job.path("replacement").asText())
                    .isEqualTo(monitor.at("/spec/namespaceSelector/matchNames/0")
                                    .asText() + "/"
                            + documents.one("StatefulSet").at("/metadata/name").asText());
            JsonNode instance = monitor.at("/spec/endpoints/0/relabelings/1");
            assertThat(instance.path("targetLabel").asText()).isEqualTo("instance");
            assertThat(texts(Documents.elements(instance.path("sourceLabels"))))
                    .containsExactly("__meta_kubernetes_pod_name");
            assertThat(documents
                            .settings()
                            .at("/management/endpoints/web/exposure/include")
                            .asText())
                    .contains("prometheus");
        }
    }

    /** Or one could be let in for keys that are another's. */
    @Test
    void eachCallerWithACertificateIsLetInForWhatTheValuesSay() throws IOException {
        Path values = Chart.valuesOf("everything-values.yaml");
        JsonNode said = Documents.parseOne(Files.readString(values)).at("/security/certificates");
        JsonNode written =
                chart.render(Chart.OLDEST_KUBERNETES, values).settings().at("/patchkey/security/certificates");
        assertThat(written).hasSameSizeAs(said).isNotEmpty();
        for (int i = 0; i < said.size(); i++) {
            for (String field : List.of("subject", "name", "role", "prefixes")) {
                assertThat(written.get(i).path(field))
                        .as(field)
                        .isEqualTo(said.get(i).path(field));
            }
            assertThat(written.get(i).path("read-prefixes"))
                    .isEqualTo(said.get(i).path("readPrefixes"));
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void eachLineOfTheLogSaysWhichPodHasWrittenIt(Documents documents) {
        JsonNode structured = documents.settings().at("/logging/structured");
        if (!structured.isMissingNode()) {
            assertThat(structured.at("/ecs/service/node-name").asText()).isEqualTo("${POD_NAME}");
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void whatComesFromOutsideGoesToServicesThatAreThere(Documents documents) {
        List<JsonNode> streams = new ArrayList<>();
        for (JsonNode ingress : documents.ofKind("Ingress")) {
            for (JsonNode path : ingress.at("/spec/rules/0/http/paths")) {
                JsonNode service = documents.one(
                        "Service", path.at("/backend/service/name").asText());
                assertThat(texts(Documents.elements(service.at("/spec/ports")).map(port -> port.path("name"))))
                        .contains(path.at("/backend/service/port/name").asText());
                if (path.path("pathType").asText().equals("Exact")) {
                    streams.add(service);
                }
            }
        }
        for (JsonNode route : documents.ofKind("HTTPRoute")) {
            for (JsonNode rule : route.at("/spec/rules")) {
                JsonNode service =
                        documents.one("Service", rule.at("/backendRefs/0/name").asText());
                assertThat(Documents.elements(service.at("/spec/ports"))
                                .map(port -> port.path("port").asInt()))
                        .contains(rule.at("/backendRefs/0/port").asInt());
                if (rule.at("/timeouts/request").asText().equals("0s")) {
                    assertThat(texts(Documents.elements(rule.path("matches")).map(match -> match.at("/path/value"))))
                            .containsExactly("/v1/channel", "/v1/watch");
                    streams.add(service);
                } else if (rule.at("/matches/0/method").asText().equals("GET")) {
                    assertThat(rule.at("/matches/0/path/value").asText()).isEqualTo("/v1");
                    assertThat(rule.path("matches")).hasSize(1);
                    streams.add(service);
                } else {
                    assertThat(service.at("/spec/publishNotReadyAddresses").asBoolean())
                            .as("changes are for pods that are ready")
                            .isFalse();
                }
            }
        }
        if (documents.ofKind("Service").stream()
                .anyMatch(service -> service.at("/metadata/labels/app.kubernetes.io~1component")
                        .asText()
                        .equals("nodes"))) {
            assertThat(streams)
                    .allMatch(service ->
                            service.at("/spec/publishNotReadyAddresses").asBoolean());
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void theAutoscalerScalesThePods(Documents documents) {
        for (JsonNode scaler : documents.ofKind("HorizontalPodAutoscaler")) {
            JsonNode target = scaler.at("/spec/scaleTargetRef");
            assertThat(documents.one(
                            target.path("kind").asText(), target.path("name").asText()))
                    .isNotNull();
            assertThat(documents.settings().at("/patchkey/store").asText()).isEqualTo("jdbc");
        }
    }

    @Test
    void aChangeOfTheSettingsIsARollingUpdateAndAnotherOneIsNone() {
        String path = "/metadata/annotations/checksum~1settings";
        String before = chart.render("jdbc-values.yaml", "{}").pods().at(path).asText();
        assertThat(before).hasSize(64);
        assertThat(chart.render("jdbc-values.yaml", "history: {changes: 7}")
                        .pods()
                        .at(path)
                        .asText())
                .isNotEqualTo(before);
        assertThat(chart.render("jdbc-values.yaml", "minReadySeconds: 11")
                        .pods()
                        .at(path)
                        .asText())
                .isEqualTo(before);
    }

    @Test
    void podsOfTheStoreHazelcastAreKeptOnDifferentMachines() {
        String required = "/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution";
        assertThat(chart.render("hazelcast-values.yaml", "{}").pods().at(required))
                .hasSize(1);
        assertThat(chart.render("jdbc-values.yaml", "{}").pods().at(required)).isEmpty();
    }

    @Test
    void theDefaultsAreTheServicesOwn() throws IOException {
        JsonNode values = Documents.parseOne(Files.readString(Chart.ORIGINAL.resolve("values.yaml")));
        JsonNode service = service();
        assertThat(values.at("/ports/http")).isEqualTo(service.at("/server/port"));
        assertThat(values.at("/ports/member")).isEqualTo(service.at("/patchkey/cluster/port"));
        assertThat(values.at("/limits/connections")).isEqualTo(service.at("/server/jetty/max-connections"));
        assertThat(values.at("/history/changes")).isEqualTo(service.at("/patchkey/history/changes"));
        assertThat(values.at("/database/poolSize"))
                .isEqualTo(service.at("/spring/datasource/hikari/maximum-pool-size"));
        assertThat(values.path("store")).isEqualTo(service.at("/patchkey/store"));
        String page = Files.readString(ROOT.resolve("docs/reference/configuration.md"));
        for (String[] pair : new String[][] {
            {"/limits/requestsPerSecond", "patchkey.limits.requests-per-second"},
            {"/limits/burst", "patchkey.limits.burst"},
            {"/limits/failuresPerMinute", "patchkey.limits.failures-per-minute"},
            {"/limits/requestTime", "patchkey.limits.request-time"},
            {"/limits/handshakeTime", "patchkey.limits.handshake-time"},
            {"/limits/requestsAtOnce", "patchkey.limits.requests-at-once"},
            {"/limits/connectionsPerAddress", "patchkey.limits.connections-per-address"},
            {"/limits/watchersPerCaller", "patchkey.limits.watchers-per-caller"},
            {"/limits/nodesPerCaller", "patchkey.limits.nodes-per-caller"},
            {"/holds/longestLease", "patchkey.holds.longest-lease"},
            {"/channel/lease", "patchkey.channel.lease"},
            {"/channel/podLease", "patchkey.channel.pod-lease"},
            {"/channel/stuckAfter", "patchkey.channel.stuck-after"},
            {"/channel/forgetAfter", "patchkey.channel.forget-after"},
            {"/security/tokens/check", "patchkey.security.tokens-file-check"},
        }) {
            assertThat(page)
                    .contains("| `" + pair[1] + "` | " + values.at(pair[0]).asText() + " |");
        }
    }

    /** What a pod takes beside its heap is not bounded by it, and a pod that exceeds its limit is killed. */
    @Test
    void theHeapLeavesRoomBesideIt() throws IOException {
        JsonNode values = Documents.parseOne(Files.readString(Chart.ORIGINAL.resolve("values.yaml")));
        assertThat(values.at("/resources/limits/memory").asText()).isEqualTo("1Gi");
        int percentage = Documents.elements(values.at("/java/options"))
                .map(JsonNode::asText)
                .filter(option -> option.startsWith("-XX:MaxRAMPercentage="))
                .map(option -> Integer.parseInt(option.substring(option.indexOf('=') + 1)))
                .findFirst()
                .orElseThrow();
        assertThat(1024 * (100 - percentage) / 100).as("MiB beside the heap").isGreaterThanOrEqualTo(400);
    }

    /** Or the JVM would start with its own, and the issuer be unknown. */
    @Test
    void theJvmIsToldOfTheTrustStoreThatIsMounted() {
        String options = Documents.elements(
                        chart.render("jdbc-values.yaml", "java: {options: [], trustStore: {secretName: authorities}}")
                                .container()
                                .path("env"))
                .filter(variable -> variable.path("name").asText().equals("JDK_JAVA_OPTIONS"))
                .map(variable -> variable.path("value").asText())
                .collect(Collectors.joining());
        assertThat(options)
                .isEqualTo("-Djavax.net.ssl.trustStore=/run/patchkey/trust-store/authorities"
                        + " -Djavax.net.ssl.trustStorePassword=changeit");
    }

    /** A Service within the cluster is refused with it. */
    @ParameterizedTest
    @MethodSource("cases")
    void servicesToTheOutsideAloneSayWhereTheirCallsMayArrive(Documents documents) {
        for (JsonNode service : documents.ofKind("Service")) {
            String type = service.at("/spec/type").asText("ClusterIP");
            assertThat(service.path("spec").has("externalTrafficPolicy")).isEqualTo(!type.equals("ClusterIP"));
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void podsThatMayReachLittleReachDnsAtEachPortByBothProtocols(Documents documents) {
        for (JsonNode policy : documents.ofKind("NetworkPolicy")) {
            if (policy.at("/spec/egress").isMissingNode()) {
                continue;
            }
            List<String> ports = Documents.elements(policy.at("/spec/egress/1/ports"))
                    .map(port ->
                            port.path("protocol").asText() + port.path("port").asText())
                    .toList();
            assertThat(ports).containsExactlyInAnyOrder("UDP53", "TCP53", "UDP5353", "TCP5353");
            assertThat(policy.at("/spec/egress/1/to/1/ipBlock/cidr").asText())
                    .as("the cache of a machine")
                    .isEqualTo("169.254.20.10/32");
        }
    }

    @Test
    void theChartIsOfTheVersionThatIsBuilt() throws IOException {
        JsonNode about = Documents.parseOne(Files.readString(Chart.ORIGINAL.resolve("Chart.yaml")));
        assertThat(about.path("appVersion").asText()).isEqualTo(System.getProperty("project.version"));
    }

    @Test
    void proxiesWaitForTheLongestCall() throws IOException {
        String page = Files.readString(ROOT.resolve("docs/reference/http-api.md"));
        assertThat(page).contains("PT5M at most");
        // The longest wait, and the longest that a commit may take before it.
        int longest = 5 * 60 + 30;
        Documents all = chart.render("jdbc-values.yaml", """
                ingress: {enabled: true, host: a.example.org}
                httpRoute: {enabled: true, parentRefs: [{name: public}]}
                """);
        JsonNode annotations = all.one("Ingress").at("/metadata/annotations");
        assertThat(annotations
                        .path("nginx.ingress.kubernetes.io/proxy-read-timeout")
                        .asInt())
                .isGreaterThan(longest);
        assertThat(annotations
                        .path("nginx.ingress.kubernetes.io/proxy-buffering")
                        .asText())
                .isEqualTo("off");
        List<JsonNode> rules =
                Documents.elements(all.one("HTTPRoute").at("/spec/rules")).toList();
        assertThat(rules).hasSize(3);
        for (JsonNode rule : rules.subList(1, rules.size())) {
            String bound = rule.at("/timeouts/request").asText();
            assertThat(Integer.parseInt(bound.replace("s", ""))).isGreaterThan(longest);
        }
    }

    private static JsonNode service() throws IOException {
        return Documents.parseOne(Files.readString(ROOT.resolve("service/src/main/resources/application.yml")));
    }
}
