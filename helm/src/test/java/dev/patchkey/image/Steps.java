package dev.patchkey.image;

import dev.patchkey.image.Dockerfile.Instruction;
import dev.patchkey.image.Dockerfile.Stage;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Runs a Dockerfile's steps in a folder, each stage in one of its own that takes the place of its root. Programs are the machine's
 * and not the base image's.
 */
final class Steps {

    private static final Path CONTEXT = Path.of("..");

    /** A start for practice on a busy machine takes a fifth of this. */
    private static final int LONGEST_STEP_SECONDS = 180;

    private final Map<String, Path> roots = new HashMap<>();
    private final Path folder;

    Steps(Path folder) {
        this.folder = folder;
    }

    /**
     * Runs all stages.
     *
     * @return what takes the place of the image's root
     */
    Path run(Dockerfile dockerfile) throws IOException, InterruptedException {
        Path root = folder;
        for (Stage stage : dockerfile.stages()) {
            root = Files.createDirectories(folder.resolve("stage-" + roots.size()));
            roots.put(stage.name(), root);
            Path directory = root;
            for (Instruction instruction : stage.instructions()) {
                switch (instruction.word()) {
                    case "WORKDIR" -> directory = Files.createDirectories(in(root, instruction.text()));
                    case "COPY" -> copy(instruction.text().split(" +", -1), root, directory);
                    case "RUN" -> execute(instruction, root, directory);
                    default -> {
                        // Says how the image is run, and writes nothing.
                    }
                }
            }
        }
        return root;
    }

    /** A path of the image in the folder. */
    static Path in(Path root, String path) {
        return root.resolve(path.substring(1));
    }

    /** A program of the image: paths that begin with {@code /app} are in the folder. */
    static List<String> program(Instruction instruction, Path root) {
        return instruction.program().stream()
                .map(word -> word.equals("java") ? java() : word)
                .map(word -> word.replaceAll("(^|=)/app/", "$1" + root.toAbsolutePath() + "/app/"))
                .toList();
    }

    static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    private void copy(String[] words, Path root, Path directory) throws IOException {
        String target = words[words.length - 1];
        Path to = (target.startsWith("/") ? in(root, target) : directory.resolve(target)).normalize();
        if (words[0].startsWith("--from=")) {
            Path from = roots.get(words[0].substring("--from=".length()));
            if (from == null) {
                throw new AssertionError("there is no stage of the name in " + words[0]);
            }
            // An owner that is named between them is nobody whom a test may give a file to.
            copyAll(in(from, words[words.length - 2]), to);
            return;
        }
        Path pattern = CONTEXT.resolve(words[0]);
        try (DirectoryStream<Path> files = Files.newDirectoryStream(
                pattern.getParent() == null ? CONTEXT : pattern.getParent(),
                pattern.getFileName().toString())) {
            int found = 0;
            for (Path file : files) {
                Files.copy(file, to, StandardCopyOption.COPY_ATTRIBUTES);
                found++;
            }
            if (found != 1) {
                throw new AssertionError(found + " files are like " + pattern + ", and one is expected");
            }
        }
    }

    private static void copyAll(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Path target = to.resolve(from.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(file, target, StandardCopyOption.COPY_ATTRIBUTES);
                }
            }
        }
    }

    private void execute(Instruction instruction, Path root, Path directory) throws IOException, InterruptedException {
        Path log = folder.resolve("steps.log");
        Process process = new ProcessBuilder(program(instruction, root))
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
        if (!process.waitFor(LONGEST_STEP_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("not done after " + LONGEST_STEP_SECONDS + " s: " + instruction);
        }
        if (process.exitValue() != 0) {
            throw new AssertionError(
                    instruction + " ended with " + process.exitValue() + ":\n" + Files.readString(log));
        }
    }
}
