package dev.patchkey.service.metrics;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What {@code /actuator/prometheus} has answered, in Prometheus' text format. */
record Scrape(Map<String, Family> families) {

    private static final Pattern TYPE = Pattern.compile("# TYPE (\\S+) (\\S+)");
    private static final Pattern SAMPLE = Pattern.compile("([a-zA-Z0-9_:]+)(?:\\{(.*)})? (\\S+)");
    private static final Pattern LABEL = Pattern.compile("([a-zA-Z0-9_]+)=\"((?:[^\"\\\\]|\\\\.)*)\",?");

    /** One number. */
    record Sample(String name, Map<String, String> labels, double value) {}

    /** The samples of one meter. */
    record Family(String name, String type, List<Sample> samples) {

        /** But for those that tell the buckets of a histogram apart. */
        Set<String> labels() {
            Set<String> labels = new TreeSet<>();
            samples.forEach(sample -> labels.addAll(sample.labels().keySet()));
            labels.remove("le");
            return labels;
        }

        Set<String> values(String label) {
            Set<String> values = new TreeSet<>();
            samples.forEach(sample -> {
                String value = sample.labels().get(label);
                if (value != null) {
                    values.add(value);
                }
            });
            return values;
        }
    }

    static Scrape parse(String text) {
        Map<String, Family> families = new TreeMap<>();
        Family family = null;
        for (String line : text.lines().toList()) {
            Matcher type = TYPE.matcher(line);
            if (type.matches()) {
                family = new Family(type.group(1), type.group(2), new ArrayList<>());
                families.put(family.name(), family);
            } else if (!line.startsWith("#") && !line.isBlank()) {
                Objects.requireNonNull(family, "a sample before any type: " + line)
                        .samples()
                        .add(sample(line));
            }
        }
        return new Scrape(families);
    }

    private static Sample sample(String line) {
        Matcher sample = SAMPLE.matcher(line);
        if (!sample.matches()) {
            throw new AssertionError("not a sample: " + line);
        }
        Map<String, String> labels = new LinkedHashMap<>();
        String text = sample.group(2) == null ? "" : sample.group(2);
        Matcher label = LABEL.matcher(text);
        int end = 0;
        while (label.find() && label.start() == end) {
            labels.put(label.group(1), label.group(2));
            end = label.end();
        }
        if (end != text.length()) {
            throw new AssertionError("not labels: " + text);
        }
        return new Sample(
                sample.group(1), labels, Double.parseDouble(sample.group(3).replace("+Inf", "Infinity")));
    }

    boolean has(String name) {
        return families.containsKey(name);
    }

    Family family(String name) {
        Family family = families.get(name);
        if (family == null) {
            throw new AssertionError("no " + name + " among " + families.keySet());
        }
        return family;
    }

    /** The sum of the samples of that name with these labels, each {@code name=value}. */
    double value(String sample, String... labels) {
        double sum = 0;
        boolean found = false;
        for (Family family : families.values()) {
            for (Sample each : family.samples()) {
                if (each.name().equals(sample) && hasAll(each.labels(), labels)) {
                    sum += each.value();
                    found = true;
                }
            }
        }
        if (!found) {
            throw new AssertionError("no " + sample + " with " + List.of(labels));
        }
        return sum;
    }

    private static boolean hasAll(Map<String, String> labels, String... wanted) {
        for (String each : wanted) {
            int equals = each.indexOf('=');
            if (!each.substring(equals + 1).equals(labels.get(each.substring(0, equals)))) {
                return false;
            }
        }
        return true;
    }

    int series() {
        return families.values().stream()
                .mapToInt(family -> family.samples().size())
                .sum();
    }
}
