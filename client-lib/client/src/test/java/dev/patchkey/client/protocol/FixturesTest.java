package dev.patchkey.client.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.patchkey.client.fake.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The examples beside the protocol's page, which the service's tests read too. */
class FixturesTest {

    private static final Path FIXTURES = Path.of("../../docs/reference/protocol-fixtures");

    private static Map<String, Object> fixture(Path file) {
        try {
            return Json.parse(Files.readString(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Path> files(Path directory) {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.toString().endsWith(".json"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @TestFactory
    List<DynamicTest> whateverAPodMaySendIsRead() {
        List<DynamicTest> tests = new ArrayList<>();
        for (Path file : files(FIXTURES)) {
            Map<String, Object> fixture = fixture(file);
            if (Json.text(fixture, "from").equals("pod")) {
                for (Object message : Json.list(fixture, "messages")) {
                    String text = Json.write(message);
                    tests.add(DynamicTest.dynamicTest(
                            file.getFileName() + " " + text,
                            () -> assertThatCode(() -> PodMessages.read(text)).doesNotThrowAnyException()));
                }
            }
        }
        assertThat(tests).hasSizeGreaterThan(8);
        return tests;
    }

    @Test
    void readMeansTheValuesAndNotOnlyTheShape() throws InvalidMessageException {
        assertThat(PodMessages.read(Json.write(pod("change.json", 1))))
                .isEqualTo(new PodMessage.Change(
                        3,
                        new Version(1, 43),
                        List.of(new KeyState("a", 1, 43), new KeyState("checkout.trace", 2, 42))));
        assertThat(PodMessages.read(Json.write(pod("snapshot.json", 1))))
                .isEqualTo(new PodMessage.Snapshot(1, new Version(1, 40), false, List.of(new KeyState("a", 1, 12))));
        assertThat(PodMessages.read(Json.write(pod("heartbeat-pod.json", 0))))
                .isEqualTo(new PodMessage.Heartbeat(2, new Version(1, 41), 5));
        assertThat(PodMessages.read(Json.write(pod("welcome.json", 1))))
                .isEqualTo(new PodMessage.Welcome(
                        "4f1d3c2a9b8e7d61",
                        3,
                        15_000,
                        3_000,
                        "patchkey-0",
                        1,
                        List.of(new KeyState("checkout.trace", 2, 41))));
        assertThat(PodMessages.read(Json.write(pod("behind.json", 0))))
                .isEqualTo(new PodMessage.Behind(new Version(1, 40)));
    }

    private static Object pod(String file, int message) {
        return Json.list(fixture(FIXTURES.resolve(file)), "messages").get(message);
    }

    /** Only those that a message by itself shows: the rest is about the order, and tested with a session. */
    @TestFactory
    List<DynamicTest> whatAPodMayNotSendIsRefusedByName() {
        Set<String> aboutTheOrder = Set.of(
                "pod-change-before-welcome.json",
                "pod-change-n-repeated.json",
                "pod-change-n-skipped.json",
                "pod-heartbeat-n-ahead.json",
                "pod-snapshot-n-skipped.json");
        List<DynamicTest> tests = new ArrayList<>();
        for (Path file : files(FIXTURES.resolve("invalid"))) {
            Map<String, Object> fixture = fixture(file);
            if (Json.text(fixture, "from").equals("pod")
                    && !aboutTheOrder.contains(file.getFileName().toString())) {
                String names = Json.text((Map<?, ?>) expectation(fixture), "names");
                tests.add(DynamicTest.dynamicTest(
                        file.getFileName().toString(),
                        () -> assertThatCode(() -> PodMessages.read(Json.text(fixture, "message")))
                                .isInstanceOf(InvalidMessageException.class)
                                .hasMessageContaining(names)));
            }
        }
        assertThat(tests).hasSizeGreaterThan(5);
        return tests;
    }

    private static Object expectation(Map<String, Object> fixture) {
        return java.util.Objects.requireNonNull(fixture.get("expect"));
    }

    /** Written from the values in it, each example of a node's message comes out as it is, unknown fields aside. */
    @TestFactory
    List<DynamicTest> whatTheNodeSendsIsAsInTheExamples() {
        List<DynamicTest> tests = new ArrayList<>();
        for (Path file : files(FIXTURES)) {
            Map<String, Object> fixture = fixture(file);
            if (Json.text(fixture, "from").equals("node")) {
                for (Object each : Json.list(fixture, "messages")) {
                    Map<?, ?> message = (Map<?, ?>) each;
                    tests.add(DynamicTest.dynamicTest(
                            file.getFileName() + " " + Json.write(message),
                            () -> assertThat(Json.parse(written(message))).isEqualTo(comparable(message))));
                }
            }
        }
        assertThat(tests).hasSizeGreaterThan(8);
        return tests;
    }

    /** Without what this client never says: unknown fields, and an empty list where it leaves the field out. */
    private static Map<Object, Object> comparable(Map<?, ?> message) {
        Map<Object, Object> comparable = new LinkedHashMap<>(message);
        comparable.remove("somethingNewer");
        comparable.remove("why");
        if (List.of().equals(comparable.get("prefixes"))) {
            comparable.remove("prefixes");
        }
        if (Json.text(message, "type").equals("applied")) {
            comparable.putIfAbsent("except", List.of());
        }
        return comparable;
    }

    private static String written(Map<?, ?> message) {
        return switch (Json.text(message, "type")) {
            case "hello" -> NodeMessages.hello(hello(message));
            case "applied" -> NodeMessages.applied(Json.number(message, "n"), excepted(message));
            case "heartbeat" -> NodeMessages.heartbeat(Json.number(message, "seq"));
            case "declared" -> NodeMessages.declared(declared(message));
            case "bye" -> NodeMessages.bye();
            default -> throw new AssertionError("the client cannot say " + Json.write(message));
        };
    }

    private static NodeMessages.Hello hello(Map<?, ?> message) {
        List<NodeMessages.Held> held = new ArrayList<>();
        for (Object each : Json.list(message, "held")) {
            Map<?, ?> hold = (Map<?, ?>) each;
            held.add(new NodeMessages.Held(Json.text(hold, "key"), Json.number(hold, "operation")));
        }
        List<String> prefixes = new ArrayList<>();
        if (message.containsKey("prefixes")) {
            Json.list(message, "prefixes").forEach(prefix -> prefixes.add((String) prefix));
        }
        return new NodeMessages.Hello(
                Json.text(message, "node"),
                Json.text(message, "incarnation"),
                Json.text(message, "application"),
                message.containsKey("version") ? Json.text(message, "version") : null,
                message.get("known") instanceof Map<?, ?> known
                        ? new Version(Json.number(known, "epoch"), Json.number(known, "revision"))
                        : Version.NONE,
                held,
                prefixes,
                Json.text(message, "stalePolicy"));
    }

    private static List<NodeMessages.Excepted> excepted(Map<?, ?> message) {
        List<NodeMessages.Excepted> excepted = new ArrayList<>();
        if (message.containsKey("except")) {
            for (Object each : Json.list(message, "except")) {
                Map<?, ?> key = (Map<?, ?>) each;
                excepted.add(new NodeMessages.Excepted(
                        Json.text(key, "key"), Json.number(key, "revision"), Json.text(key, "reason")));
            }
        }
        return excepted;
    }

    private static Map<String, Integer> declared(Map<?, ?> message) {
        Map<String, Integer> declared = new LinkedHashMap<>();
        ((Map<?, ?>) java.util.Objects.requireNonNull(message.get("keys")))
                .forEach((key, sites) -> declared.put((String) key, ((Long) sites).intValue()));
        return declared;
    }
}
