package dev.patchkey.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Values that would do harm, or nothing, are refused before anything is installed, and Helm says which and why. */
class RefusedValuesTest {

    private static final String JDBC = "jdbc-values.yaml";

    @TempDir
    private static Path temporary;

    private static Chart chart = new Chart(Path.of(""));

    @BeforeAll
    static void copy() {
        chart = Chart.copyTo(temporary);
    }

    /** By the schema: the place of the value, and its rule. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            replica: 3                                          | ""                           | 'replica' not allowed
            replicas: three                                     | /replicas                    | got string, want integer
            replicas: 0                                         | /replicas                    | minimum: got 0, want 1
            replicas: 100                                       | /replicas                    | maximum: got 100, want 99
            replicas: 2.5                                       | /replicas                    | got number, want integer
            store: redis                                        | /store                       | value must be one of 'jdbc', 'hazelcast'
            image: {repository: ''}                             | /image/repository            | does not match pattern
            image: {repository: 'Upper/Case'}                   | /image/repository            | does not match pattern
            image: {tag: 'a tag'}                               | /image/tag                   | does not match pattern
            image: {digest: 'sha256:12'}                        | /image/digest                | does not match pattern
            image: {pullPolicy: Sometimes}                      | /image/pullPolicy            | value must be one of
            database: {password: hunter2}                       | /database                    | 'password' not allowed
            database: {url: 'jdbc:mysql://db/a'}                | /database/url                | does not match pattern
            database: {url: 'jdbc:postgresql://db/a?user=b&password=c'} | /database/url        | 'not' failed
            database: {url: 'jdbc:postgresql://db/a?ssl=true&sslpassword=c'} | /database/url   | 'not' failed
            database: {poolSize: 5}                             | /database/poolSize           | minimum: got 5, want 6
            database: {secretName: 'Has Space'}                 | /database/secretName         | does not match pattern
            security: {tokens: {hashes: ['sha256:12']}}         | /security/tokens             | 'hashes' not allowed
            security: {tokens: [a]}                             | /security/tokens             | got array, want object
            security: {open: 'yes'}                             | /security/open               | got string, want boolean
            security: {jwt: {issuerUri: 'ldap://a'}}            | /security/jwt/issuerUri      | does not match pattern
            security: {jwt: {jwsAlgorithms: [none]}}            | /security/jwt/jwsAlgorithms/0 | value must be one of
            security: {jwt: {jwsAlgorithms: [HS256]}}           | /security/jwt/jwsAlgorithms/0 | value must be one of
            security: {jwt: {jwsAlgorithms: []}}                | /security/jwt/jwsAlgorithms  | minItems: got 0, want 1
            security: {certificates: [{subject: CN=a, name: a, role: root, prefixes: [a]}]} | /security/certificates/0/role | value must be one of 'observer', 'node', 'operator', 'admin'
            security: {certificates: [{subject: CN=a, name: a, role: node}]} | /security/certificates/0 | missing property 'prefixes'
            security: {certificates: [{subject: CN=a, name: a, role: node, prefixes: []}]} | /security/certificates/0/prefixes | minItems
            security: {certificates: [{subject: CN=a, name: a, role: node, prefixes: [Team]}]} | /security/certificates/0/prefixes/0 | does not match pattern
            security: {certificates: [{subject: CN=a, name: jwt, role: node, prefixes: [a]}]} | /security/certificates/0/name | 'not' failed
            security: {certificates: [{subject: CN=a, name: a, role: node, prefixes: [a], readPrefixes: [A]}]} | /security/certificates/0/readPrefixes/0 | does not match pattern
            tls: {clientAuth: maybe}                            | /tls/clientAuth              | value must be one of 'none', 'want', 'need'
            tls: {managementClientAuth: need}                   | /tls/managementClientAuth    | value must be one of 'none', 'want'
            limits: {requestsPerSecond: -1}                     | /limits/requestsPerSecond    | minimum: got -1, want 0
            limits: {requestsAtOnce: 0}                         | /limits/requestsAtOnce       | minimum: got 0, want 1
            limits: {connectionsPerAddress: 1.5}                | /limits/connectionsPerAddress | got number, want integer
            limits: {burst: 0}                                  | /limits/burst                | minimum: got 0, want 1
            limits: {requestTime: 30}                           | /limits/requestTime          | got number, want string
            channel: {forgetAfter: 30d}                         | /channel/forgetAfter         | does not match pattern
            limits: {handshakeTime: soon}                       | /limits/handshakeTime        | does not match pattern
            limits: {requestTime: soon}                         | /limits/requestTime          | does not match pattern
            ports: {http: 80}                                   | /ports/http                  | minimum: got 80, want 1,024
            ports: {member: 70000}                              | /ports/member                | maximum
            cluster: {size: 100}                                | /cluster/size                | maximum
            cluster: {name: 'a b'}                              | /cluster/name                | does not match pattern
            holds: {longestLease: 30d}                          | /holds/longestLease          | does not match pattern
            history: {keep: 90d}                                | /history/keep                | does not match pattern
            history: {changes: 0}                               | /history/changes             | minimum: got 0, want 1
            channel: {leaseTime: 15s}                           | /channel                     | 'leaseTime' not allowed
            metrics: {keys: 10001}                              | /metrics/keys                | maximum: got 10,001, want 10,000
            logging: {format: xml}                              | /logging/format              | value must be one of
            logging: {levels: {dev.patchkey: verbose}}          | /logging/levels/dev.patchkey | value must be one of
            extraEnv: [{name: DB_PASSWORD, value: hunter2}]     | /extraEnv/0                  | missing property 'valueFrom'
            extraEnv: [{name: Api.Token, value: a}]             | /extraEnv/0/name             | does not match pattern
            extraEnv: [{name: A}]                               | /extraEnv/0                  | minProperties: got 1, want 2
            extraEnv: [{name: POD_IP, value: 10.0.0.1}]         | /extraEnv/0/name             | 'not' failed
            java: {options: ['-Xmx1g -Xms1g']}                  | /java/options/0              | does not match pattern
            resources: {limits: {memory: lots}}                 | /resources/limits/memory     | does not match pattern
            resources: {limits: {gpu: 1}}                       | /resources/limits            | 'gpu' not allowed
            probes: {startupSeconds: 5}                         | /probes/startupSeconds       | minimum: got 5, want 10
            shutdown: {preStopSeconds: 0}                       | /shutdown/preStopSeconds     | minimum: got 0, want 1
            pod: {runAsUser: 0}                                 | /pod/runAsUser               | minimum: got 0, want 1
            pod: {antiAffinity: hard}                           | /pod/antiAffinity            | value must be one of
            pod: {labels: {app.kubernetes.io/name: other}}      | ""                           | invalid propertyName 'app.kubernetes.io/name'
            pod: {privileged: true}                             | /pod                         | 'privileged' not allowed
            podDisruptionBudget: {maxUnavailable: 0}            | /podDisruptionBudget/maxUnavailable | minimum: got 0, want 1
            podDisruptionBudget: {minAvailable: 1}              | /podDisruptionBudget         | 'minAvailable' not allowed
            service: {type: ExternalName}                       | /service/type                | value must be one of
            networkPolicy: {httpFrom: [{}]}                     | /networkPolicy/httpFrom/0    | minProperties
            networkPolicy: {httpFrom: [{ipBlock: {cidr: all}}]} | /networkPolicy/httpFrom/0/ipBlock/cidr | does not match pattern
            networkPolicy: {egress: {dnsPorts: []}}             | /networkPolicy/egress/dnsPorts | minItems: got 0, want 1
            networkPolicy: {egress: {dnsPorts: [dns]}}          | /networkPolicy/egress/dnsPorts/0 | got string, want integer
            java: {trustStore: {password: changeit}}            | /java/trustStore             | 'password' not allowed
            service: {externalTrafficPolicy: local}             | /service/externalTrafficPolicy | value must be one of 'Cluster', 'Local'
            test: {runAsUser: -1}                               | /test/runAsUser              | minimum: got -1, want 0
            networkPolicy: {memberFrom: [{podSelector: {}}]}    | /networkPolicy               | 'memberFrom' not allowed
            ingress: {idleTimeoutSeconds: 60}                   | /ingress/idleTimeoutSeconds  | minimum: got 60, want 331
            httpRoute: {requestTimeoutSeconds: 60}              | /httpRoute/requestTimeoutSeconds | minimum: got 60, want 331
            httpRoute: {parentRefs: [{namespace: a}]}           | /httpRoute/parentRefs/0      | missing property 'name'
            serviceMonitor: {interval: often}                   | /serviceMonitor/interval     | does not match pattern
            serviceMonitor: {token: pk_secret}                  | /serviceMonitor              | 'token' not allowed
            prometheusRule: {runbookBaseUrl: docs/runbooks}     | /prometheusRule/runbookBaseUrl | does not match pattern
            dashboards: {label: 'a b'}                          | /dashboards/label            | does not match pattern
            """)
    void theSchemaRefuses(String values, String place, String rule) {
        assertThatThrownBy(() -> chart.render(JDBC, values))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("at '" + place + "'")
                .hasMessageContaining(rule);
    }

    /** By the templates: what no schema can say, in a sentence that names the values. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            jdbc      | database: {url: ''}                        | database.url must be the jdbc:postgresql: URL of your database where store is jdbc, and is empty
            jdbc      | database: {secretName: ''}                 | database.secretName must name the Secret with the database's user and password
            jdbc      | store: hazelcast                           | database.url and database.secretName must be empty where store is hazelcast
            jdbc      | security: {tokens: {secretName: ''}}       | security must say who may come in: set security.tokens.secretName,
            jdbc      | security: {open: true}                     | security.open must be false where tokens, JWTs or certificates say who may come in
            jdbc      | security: {jwt: {issuerUri: 'https://a'}}  | security.jwt.audiences must name this service
            jdbc      | security: {jwt: {jwkSetUri: 'https://a', audiences: [a]}} | security.jwt.prefixesClaim must name the claim
            jdbc      | security: {jwt: {audiences: [a]}}          | security.jwt.issuerUri, security.jwt.jwkSetUri or security.jwt.publicKeySecretName must say where the keys
            jdbc      | security: {jwt: {issuerUri: 'https://a', publicKeySecretName: a, audiences: [a], prefixesClaim: p}} | security.jwt.publicKeySecretName must be empty
            jdbc      | security: {certificates: [{subject: CN=a, name: a, role: node, prefixes: [a]}]} | tls.clientAuth must be want or need where security.certificates has callers
            jdbc      | tls: {clientAuth: want}                    | tls.secretName must name the Secret with the service's own certificate
            jdbc      | tls: {secretName: a, clientAuth: need}     | tls.clientCaSecretName must name the Secret with the authority of callers' certificates
            jdbc      | tls: {secretName: a, clientCaSecretName: b} | tls.clientCaSecretName must be empty where neither
            jdbc      | ports: {http: 8081}                        | ports.http, ports.management and ports.member must differ, and are 8081, 8081 and 5701
            jdbc      | shutdown: {gracePeriodSeconds: 35}         | shutdown.gracePeriodSeconds must be more than 35, shutdown.preStopSeconds and the 30 s in which a pod drains, and is 35
            jdbc      | shutdown: {preStopSeconds: 20}             | shutdown.gracePeriodSeconds must be more than 50
            jdbc      | podDisruptionBudget: {maxUnavailable: 3}   | podDisruptionBudget.maxUnavailable must be less than the number of pods (3), or all may be taken away at once, and is 3
            jdbc      | autoscaling: {enabled: true, minReplicas: 4, maxReplicas: 3} | autoscaling.maxReplicas must be at least autoscaling.minReplicas (4), and is 3
            jdbc      | ingress: {enabled: true}                   | ingress.host must be the name that callers use
            jdbc      | httpRoute: {enabled: true}                 | httpRoute.parentRefs must name a Gateway
            jdbc      | serviceMonitor: {enabled: true}            | serviceMonitor.tokenSecretName must name the Secret with an observer's token
            jdbc      | serviceMonitor: {enabled: true, tokenSecretName: a, scrapeTimeout: 16s} | serviceMonitor.scrapeTimeout must be at most serviceMonitor.interval (15s), or Prometheus Operator leaves the pods out, and is 16s
            jdbc      | serviceMonitor: {enabled: true, tokenSecretName: a, interval: 45s, scrapeTimeout: 1m} | serviceMonitor.scrapeTimeout must be at most serviceMonitor.interval (45s)
            jdbc      | serviceMonitor: {enabled: true, tls: {clientSecretName: a}} | tls.managementClientAuth must be want where serviceMonitor.tls.clientSecretName
            jdbc      | {tls: {secretName: a, clientAuth: need, clientCaSecretName: b}, ingress: {enabled: true, host: a.b}} | tls.clientAuth must not be need where ingress.controller is nginx
            hazelcast | autoscaling: {enabled: true}               | autoscaling.enabled must be false where store is hazelcast
            hazelcast | cluster: {size: 3}                         | cluster.size must be at least replicas (5) where store is hazelcast, or either side of a split could take changes; it is 3
            hazelcast | {replicas: 3, cluster: {size: 7}}          | replicas must be at least 4, more than half of cluster.size (7), where store is hazelcast, and is 3
            hazelcast | podDisruptionBudget: {maxUnavailable: 2}   | podDisruptionBudget.maxUnavailable must be 1 where store is hazelcast
            """)
    void theTemplatesRefuse(String store, String values, String sentence) {
        assertThatThrownBy(() -> chart.render(store + "-values.yaml", values))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("- " + sentence);
    }

    @Test
    void theChartWithoutValuesSaysAllThatIsMissing() {
        assertThatThrownBy(() -> chart.text(Chart.OLDEST_KUBERNETES))
                .hasMessageContaining("- database.url must be")
                .hasMessageContaining("- database.secretName must name")
                .hasMessageContaining("- security must say who may come in");
    }

    /** Raising the size before the pods, as the how-to says, is let through. */
    @Test
    void theSizeOfAClusterMayBeRaisedBeforeItsPods() {
        assertThatCode(() -> chart.render("hazelcast-values.yaml", "{replicas: 4, cluster: {size: 7}}"))
                .doesNotThrowAnyException();
    }

    @Test
    void aScrapeMayTakeAsLongAsTheIntervalIs() {
        assertThatCode(() -> chart.render(
                        JDBC, "serviceMonitor: {enabled: true, tokenSecretName: a, interval: 1m, scrapeTimeout: 60s}"))
                .doesNotThrowAnyException();
    }

    /** OpenShift assigns the user. */
    @Test
    void theUserMayBeLeftToThePlatform() {
        JsonNode context = chart.render(JDBC, "pod: {runAsUser: null, fsGroup: null}")
                .pods()
                .at("/spec/securityContext");
        assertThat(context.has("runAsUser") || context.has("fsGroup")).isFalse();
        assertThat(context.path("runAsNonRoot").asBoolean()).isTrue();
    }

    /** What a schema leaves open it cannot refuse: each object says which fields it has, or which names they may have. */
    @Test
    void theSchemaLeavesNoObjectOpen() throws IOException {
        JsonNode schema = new ObjectMapper().readTree(Files.readString(Chart.ORIGINAL.resolve("values.schema.json")));
        List<String> open = new ArrayList<>();
        collectOpen(schema, "", open);
        // Helm's own, which it hands to each chart.
        assertThat(open).containsExactly("/properties/global");
    }

    private static void collectOpen(JsonNode schema, String at, List<String> open) {
        if (schema.path("type").asText().equals("object")) {
            JsonNode others = schema.path("additionalProperties");
            boolean named = others.isBoolean() && !others.asBoolean();
            if (!named && !(others.isObject() && schema.has("propertyNames"))) {
                open.add(at);
            }
        }
        schema.properties().forEach(field -> collectOpen(field.getValue(), at + "/" + field.getKey(), open));
        for (int i = 0; schema.isArray() && i < schema.size(); i++) {
            collectOpen(schema.get(i), at + "/" + i, open);
        }
    }

    /** And each value that is there is in the schema, and each in the schema is in values.yaml with its comment. */
    @Test
    void theSchemaAndTheValuesHaveTheSameFields() throws IOException {
        JsonNode schema = new ObjectMapper().readTree(Files.readString(Chart.ORIGINAL.resolve("values.schema.json")));
        JsonNode values = Documents.parseOne(Files.readString(Chart.ORIGINAL.resolve("values.yaml")));
        assertSameFields(schema, schema, values, "");
    }

    private static void assertSameFields(JsonNode root, JsonNode schema, JsonNode values, String at) {
        JsonNode rule =
                schema.has("$ref") ? root.at(schema.path("$ref").asText().substring(1)) : schema;
        if (!rule.has("properties") || !values.isObject() || at.startsWith("/resources/")) {
            return;
        }
        List<String> inSchema = new ArrayList<>();
        rule.path("properties").fieldNames().forEachRemaining(inSchema::add);
        inSchema.remove("global");
        List<String> inValues = new ArrayList<>();
        values.fieldNames().forEachRemaining(inValues::add);
        assertThat(inValues).as("the fields of %s/", at).containsExactlyInAnyOrderElementsOf(inSchema);
        inValues.forEach(
                name -> assertSameFields(root, rule.path("properties").path(name), values.path(name), at + "/" + name));
    }
}
