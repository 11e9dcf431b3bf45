package dev.patchkey.systemtests.robustness.cluster;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A process on a host, which can be killed, stopped, paused and started again. */
public abstract class Server implements AutoCloseable {

    /** Far above what a process that still works takes to end. */
    private static final int SECONDS_TO_END = 60;

    private final Host host;
    private final File log;
    private @Nullable Process process;
    private boolean paused;

    /** Whether the end of the present process was asked for, or has been noted. */
    private boolean ending;

    private long logged;
    private final List<String> troubles = new ArrayList<>();

    Server(Host host, File log) {
        this.host = host;
        this.log = log;
    }

    public Host host() {
        return host;
    }

    public File log() {
        return log;
    }

    abstract List<String> command();

    Map<String, String> environment() {
        return Map.of();
    }

    /** Where its standard output goes. */
    ProcessBuilder.Redirect output() {
        return ProcessBuilder.Redirect.appendTo(log);
    }

    /** Starts it; does not wait until it serves. */
    public void start() {
        if (isAlive()) {
            throw new IllegalStateException(host + " runs already");
        }
        noteEnd();
        try {
            ProcessBuilder builder = new ProcessBuilder(host.command(command()))
                    .directory(log.getParentFile())
                    .redirectOutput(output())
                    .redirectError(ProcessBuilder.Redirect.appendTo(log));
            builder.environment().putAll(environment());
            begun(log.length());
            process = builder.start();
            ending = false;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public boolean isAlive() {
        return process != null && process.isAlive();
    }

    /** Is about to start a process, whose log begins there. */
    void begun(long logBegin) {}

    /** Whether it is no wonder that the process has ended and nobody asked it to. */
    abstract boolean mayEnd() throws IOException;

    private void noteEnd() {
        try {
            if (process != null && !process.isAlive() && !ending && !mayEnd()) {
                troubles.add(host + " ended by itself with " + process.exitValue() + "; its log is " + log);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        ending |= !isAlive();
    }

    private void askToEnd() {
        noteEnd();
        ending = true;
    }

    /** What went wrong with it since it was asked the last time, in words. */
    List<String> troubles() throws IOException {
        noteEnd();
        if (logSince(logged).contains("OutOfMemoryError")) {
            troubles.add(host + " ran out of memory; its log is " + log);
        }
        logged = log.length();
        List<String> taken = List.copyOf(troubles);
        troubles.clear();
        return taken;
    }

    /** What has been logged from that byte on. */
    final String logSince(long from) throws IOException {
        if (!log.exists()) {
            return "";
        }
        try (InputStream in = new FileInputStream(log)) {
            in.skipNBytes(from);
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** {@code ip netns exec} becomes the command, so this is the server itself. */
    Process process() {
        if (process == null) {
            throw new IllegalStateException(host + " was never started");
        }
        return process;
    }

    /** SIGKILL, to all that runs on the host: a server that forks dies as a whole. */
    public void kill() {
        askToEnd();
        process().destroyForcibly();
        awaitEnd();
        paused = false;
    }

    /** SIGTERM, and waits until it has left. */
    public void stop() {
        askToEnd();
        process().destroy();
        awaitEnd();
    }

    /** SIGSTOP, to all that runs on the host. */
    public void pause() {
        signal("STOP");
        paused = true;
    }

    /** SIGCONT; a no-op if it is not paused. */
    public void resume() {
        if (paused) {
            signal("CONT");
        }
        paused = false;
    }

    public boolean isPaused() {
        return paused;
    }

    private void signal(String signal) {
        // One that has ended meanwhile needs no signal.
        host.processes().forEach(process -> Shell.tryRun("kill", "-" + signal, Long.toString(process.pid())));
    }

    private void awaitEnd() {
        try {
            if (!process().waitFor(SECONDS_TO_END, TimeUnit.SECONDS)) {
                process().destroyForcibly().waitFor();
                throw new AssertionError(host + " did not end within " + SECONDS_TO_END + " s; its log is " + log);
            }
            // What it has forked, and what that forks before it dies.
            while (host.processes().peek(ProcessHandle::destroyForcibly).count() > 0) { // ends: SIGKILL does
                TimeUnit.MILLISECONDS.sleep(10);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    @Override
    public final String toString() {
        return host.toString();
    }

    @Override
    public void close() {
        if (isAlive()) {
            kill();
        }
    }
}
