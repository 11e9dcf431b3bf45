package dev.patchkey.chart;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * What a chart was rendered to.
 *
 * @param all the objects, in the order of the text
 */
public record Documents(List<JsonNode> all) {

    /** A field that is there twice is a mistake, of which a cluster would take the latter silently. */
    private static final YAMLMapper YAML = YAMLMapper.builder()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .build();

    static Documents parse(String text) {
        List<JsonNode> all = new ArrayList<>();
        try (MappingIterator<JsonNode> documents =
                YAML.readerFor(JsonNode.class).readValues(text)) {
            while (documents.hasNext()) {
                JsonNode document = documents.next();
                if (!document.isNull()) {
                    all.add(document);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(text, e);
        }
        return new Documents(List.copyOf(all));
    }

    /** Reads a file of YAML that has one document. */
    static JsonNode parseOne(String text) {
        List<JsonNode> all = parse(text).all();
        if (all.size() != 1) {
            throw new IllegalArgumentException("one document was expected, and there are " + all.size());
        }
        return all.getFirst();
    }

    static String describe(JsonNode document) {
        return document.path("kind").asText() + " "
                + document.at("/metadata/name").asText();
    }

    List<JsonNode> ofKind(String kind) {
        return all.stream()
                .filter(document -> document.path("kind").asText().equals(kind))
                .toList();
    }

    /** @throws AssertionError if there is not exactly one */
    JsonNode one(String kind, String name) {
        List<JsonNode> found = ofKind(kind).stream()
                .filter(document -> document.at("/metadata/name").asText().equals(name))
                .toList();
        if (found.size() != 1) {
            throw new AssertionError("There are " + found.size() + " of " + kind + " " + name + " in "
                    + all.stream().map(Documents::describe).toList());
        }
        return found.getFirst();
    }

    /** @throws AssertionError if there is not exactly one */
    JsonNode one(String kind) {
        List<JsonNode> found = ofKind(kind);
        if (found.size() != 1) {
            throw new AssertionError("There are " + found.size() + " of " + kind);
        }
        return found.getFirst();
    }

    JsonNode pods() {
        return one("StatefulSet").at("/spec/template");
    }

    public JsonNode container() {
        return pods().at("/spec/containers/0");
    }

    /** The settings that the service reads. */
    JsonNode settings() {
        return parseOne(settingsText());
    }

    /** The file that they are in. */
    public String settingsText() {
        JsonNode map = ofKind("ConfigMap").stream()
                .filter(document -> document.path("data").has("application.yaml"))
                .findFirst()
                .orElseThrow(() -> new AssertionError("No ConfigMap has an application.yaml"));
        return map.at("/data/application.yaml").asText();
    }

    public static Stream<JsonNode> elements(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false);
    }
}
