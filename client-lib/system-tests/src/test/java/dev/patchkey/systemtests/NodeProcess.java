package dev.patchkey.systemtests;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A node as a process of its own, driven over its standard input and output. */
final class NodeProcess implements AutoCloseable {

    private final String id;
    private final Process process;
    private final BufferedWriter in;
    private final BufferedReader out;

    /**
     * @param id the node's id
     * @param jdk 17 or 25
     */
    NodeProcess(URI service, String id, int jdk) {
        this(service, id, jdk, List.of());
    }

    /**
     * A node that Prometheus may scrape.
     *
     * @param id the node's id
     * @param jdk 17 or 25
     * @param metrics the port at which it may
     */
    NodeProcess(URI service, String id, int jdk, int metrics) {
        this(service, id, jdk, List.of(String.valueOf(metrics)));
    }

    private NodeProcess(URI service, String id, int jdk, List<String> more) {
        this.id = id;
        Path directory = Processes.directory(id);
        try {
            List<String> command = new ArrayList<>(List.of(
                    Processes.java(jdk).toString(),
                    "-Xmx256m",
                    "-cp",
                    System.getProperty("java.class.path"),
                    NodeMain.class.getName(),
                    service.toString(),
                    id));
            command.addAll(more);
            process = new ProcessBuilder(command)
                    .redirectError(directory.resolve("node.log").toFile())
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        in = new BufferedWriter(new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8));
        out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    String id() {
        return id;
    }

    /** Waits until the node has applied its first snapshot. */
    NodeProcess ready() {
        String ready = ask("ready 60000");
        if (!ready.equals("true")) {
            throw new AssertionError("node " + id + " is not ready: " + ask("status"));
        }
        return this;
    }

    /** Has the node do one thing and waits for its answer. */
    synchronized String ask(String command) {
        try {
            in.write(command);
            in.newLine();
            in.flush();
            String answer = out.readLine();
            if (answer == null) {
                throw new AssertionError("node " + id + " has ended");
            }
            return answer;
        } catch (IOException e) {
            throw new UncheckedIOException("node " + id + " did not answer", e);
        }
    }

    void kill() {
        Processes.kill(process);
    }

    /** Has it stand still. */
    void pause() {
        Processes.pause(process.toHandle());
    }

    void resume() {
        Processes.resume(process.toHandle());
    }

    @Override
    public void close() {
        if (process.isAlive()) {
            try {
                in.write("quit");
                in.newLine();
                in.flush();
            } catch (IOException e) {
                // It is ending already.
            }
            Processes.stop(process);
        }
    }
}
