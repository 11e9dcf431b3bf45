package dev.patchkey.benchmarks;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A server, started for a measurement in a directory of its own on a disk, which goes with it. */
public final class ServerProcess implements AutoCloseable {

    private static final int SECONDS_TO_END = 40;

    /** File systems on which nothing is forced to a disk. */
    private static final Set<String> IN_MEMORY = Set.of("tmpfs", "ramfs");

    private final Process process;
    private final Path directory;

    /** It has not started as it should have, so that somebody will look at its log. */
    private boolean failed;

    private ServerProcess(Process process, Path directory) {
        this.process = process;
        this.directory = directory;
    }

    /**
     * Starts a server in a directory of its own, where its log is too.
     *
     * @param name of the directory's beginning
     */
    public static ServerProcess start(String name, List<String> command) throws IOException {
        Path directory = directory(name);
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("server.log").toFile())
                .start();
        return new ServerProcess(process, directory);
    }

    /** The {@code java} that runs this. */
    public static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    /** The class path that runs this, for a process in another directory too. */
    public static String classPath() {
        return Pattern.compile(File.pathSeparator, Pattern.LITERAL)
                .splitAsStream(System.getProperty("java.class.path"))
                .map(element -> Path.of(element).toAbsolutePath().toString())
                .collect(Collectors.joining(File.pathSeparator));
    }

    /** An empty directory on a disk. */
    public static Path directory(String name) throws IOException {
        Path directory = Files.createTempDirectory("patchkey-benchmark-" + name);
        String type = Files.getFileStore(directory).type();
        if (IN_MEMORY.contains(type)) {
            Files.delete(directory);
            throw new IllegalStateException(
                    directory + " would be in memory (" + type + "): name a directory on a disk by -Djava.io.tmpdir=");
        }
        return directory;
    }

    public static void delete(Path directory) throws IOException {
        List<Path> deepestFirst;
        try (Stream<Path> paths = Files.walk(directory)) {
            deepestFirst = paths.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path path : deepestFirst) {
            Files.deleteIfExists(path);
        }
    }

    /** A port of the loopback interface that nobody listens on. */
    public static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /** Asks a server whether it is ready. */
    public interface Probe {
        /** @throws IOException if it does not answer yet */
        boolean isReady() throws IOException, InterruptedException;
    }

    /** @throws IllegalStateException if it is not ready in time; it is then left to be closed, and its log stays */
    public void awaitReady(int seconds, Probe probe) throws InterruptedException {
        for (int i = 0; i < seconds * 10; i++) {
            if (!process.isAlive()) {
                failed = true;
                throw new IllegalStateException("the server has ended; its log is in " + directory);
            }
            try {
                if (probe.isReady()) {
                    return;
                }
            } catch (IOException e) {
                // Not listening yet.
            }
            Thread.sleep(100);
        }
        failed = true;
        throw new IllegalStateException("the server was not ready in time; its log is in " + directory);
    }

    private void end() {
        process.destroy();
        try {
            if (!process.waitFor(SECONDS_TO_END, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() throws IOException {
        end();
        if (!failed) {
            delete(directory);
        }
    }
}
