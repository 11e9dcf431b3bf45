package dev.patchkey.image;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The service's Dockerfile, read.
 *
 * @param stages in their order; the last one is the image
 */
record Dockerfile(List<Stage> stages) {

    static final Path FILE = Path.of("../service/Dockerfile");

    private static final Pattern INSTRUCTION = Pattern.compile("([A-Z]+)\\s+(.*)");
    private static final Pattern FROM = Pattern.compile("(\\S+)(?:\\s+AS\\s+(\\S+))?");

    /**
     * One line.
     *
     * @param word such as {@code RUN}
     * @param text what stands behind it
     */
    record Instruction(String word, String text) {

        /** The program and its arguments, where they are written as a list. */
        List<String> program() {
            int list = text.indexOf('[');
            if (list < 0) {
                throw new AssertionError("this would take a shell, which the image does not have: " + this);
            }
            try {
                return List.of(new ObjectMapper().readValue(text.substring(list), String[].class));
            } catch (IOException e) {
                throw new AssertionError("this is no list: " + this, e);
            }
        }
    }

    /**
     * What stands between one {@code FROM} and the next.
     *
     * @param base what it is from
     * @param name by which other stages copy from it; empty if none does
     */
    record Stage(String base, String name, List<Instruction> instructions) {

        List<Instruction> all(String word) {
            return instructions.stream()
                    .filter(instruction -> instruction.word().equals(word))
                    .toList();
        }

        /** The last of them, which counts. */
        Instruction last(String word) {
            List<Instruction> found = all(word);
            if (found.isEmpty()) {
                throw new AssertionError("There is no " + word);
            }
            return found.getLast();
        }
    }

    Stage image() {
        return stages.getLast();
    }

    static Dockerfile read() {
        List<Stage> stages = new ArrayList<>();
        try {
            for (String line : Files.readAllLines(FILE)) {
                if (line.isBlank() || line.startsWith("#")) {
                    continue;
                }
                Matcher matcher = INSTRUCTION.matcher(line);
                if (!matcher.matches()) {
                    throw new AssertionError("this is no instruction: " + line);
                }
                Instruction instruction = new Instruction(matcher.group(1), matcher.group(2));
                if (instruction.word().equals("FROM")) {
                    Matcher from = FROM.matcher(instruction.text());
                    if (!from.matches()) {
                        throw new AssertionError("this is no base: " + line);
                    }
                    String name = from.group(2) == null ? "" : from.group(2).toLowerCase(Locale.ROOT);
                    stages.add(new Stage(from.group(1), name, new ArrayList<>()));
                } else if (!stages.isEmpty()) {
                    stages.getLast().instructions().add(instruction);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Dockerfile(List.copyOf(stages));
    }
}
