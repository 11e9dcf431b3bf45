package dev.patchkey.systemtests;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a panel or a rule asks of Prometheus.
 *
 * @param from the title of the panel, the name of the rule
 * @param expression in PromQL
 */
record Question(String from, String expression) {

    /** What the annotations are from. */
    static final String ANNOTATION = "annotation ";

    /** Grafana's own function of queries for the values of a variable. */
    private static final Pattern LABEL_VALUES = Pattern.compile("label_values\\((.+), (\\w+)\\)");

    /** All that a dashboard asks: its panels, annotations and variables, in which these values take the variables' place. */
    static List<Question> of(Path dashboard, Map<String, String> variables) throws IOException {
        JsonNode json = new ObjectMapper().readTree(dashboard.toFile());
        List<Question> questions = new ArrayList<>();
        addPanels(json, questions);
        for (JsonNode annotation : json.path("annotations").path("list")) {
            questions.add(new Question(
                    ANNOTATION + annotation.path("name").asText(), text(annotation.path("target"), "expr")));
        }
        for (JsonNode variable : json.path("templating").path("list")) {
            if (variable.path("type").asText().equals("query")) {
                questions.add(new Question(
                        "variable " + variable.path("name").asText(), anyLabel(text(variable.path("query"), "query"))));
            }
        }
        return questions.stream().map(question -> question.with(variables)).toList();
    }

    private static void addPanels(JsonNode parent, List<Question> questions) {
        for (JsonNode panel : parent.path("panels")) {
            for (JsonNode target : panel.path("targets")) {
                questions.add(new Question(panel.path("title").asText(), text(target, "expr")));
            }
            // Those of a row that is folded.
            addPanels(panel, questions);
        }
    }

    private static String text(JsonNode parent, String field) {
        JsonNode text = parent.path(field);
        if (!text.isTextual() || text.asText().isBlank()) {
            throw new AssertionError("no " + field + " in " + parent);
        }
        return text.asText();
    }

    private static String anyLabel(String query) {
        Matcher values = LABEL_VALUES.matcher(query);
        if (!values.matches()) {
            throw new AssertionError("not label_values(selector, label): " + query);
        }
        return "group by (" + values.group(2) + ") (" + values.group(1) + ")";
    }

    private Question with(Map<String, String> variables) {
        String whole = expression;
        for (Map.Entry<String, String> variable : variables.entrySet()) {
            whole = whole.replace("$" + variable.getKey(), variable.getValue());
        }
        if (whole.contains("$")) {
            throw new AssertionError(from + " asks by a variable that is none of " + variables.keySet() + ": " + whole);
        }
        return new Question(from, whole);
    }
}
