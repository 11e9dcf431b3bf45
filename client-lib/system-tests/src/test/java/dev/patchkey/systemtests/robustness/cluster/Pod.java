package dev.patchkey.systemtests.robustness.cluster;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The packaged service on a host, its wall clock under the test's hand. */
public final class Pod extends Server {

    private static final int PORT = 8080;

    /** Of Spring Boot's line that says that the application has started. */
    private static final String STARTED = "(process running for";

    private final Path directory;
    private final Image image;
    private final List<String> settings;
    private final Path clockLibrary;
    private long logBegin;

    /**
     * @param settings as on the command line
     * @param clockLibrary libfaketime
     */
    Pod(Host host, Path directory, Image image, List<String> settings, Path clockLibrary) {
        super(host, new File(directory.toFile(), "pod.log"));
        this.directory = directory;
        this.image = image;
        this.settings = settings;
        this.clockLibrary = clockLibrary;
        stepClock(0);
    }

    public URI uri() {
        return URI.create("http://" + host().address() + ":" + PORT);
    }

    /** Sets its wall clock so many seconds off; its monotonic clock stays. */
    public void stepClock(int seconds) {
        try {
            Files.writeString(directory.resolve("clock"), (seconds < 0 ? "" : "+") + seconds + "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    void begun(long logBegin) {
        this.logBegin = logBegin;
    }

    /** Before it has started: without its database it cannot. That it does in the end is waited for. */
    @Override
    boolean mayEnd() throws IOException {
        return !logSince(logBegin).contains(STARTED);
    }

    @Override
    List<String> command() {
        List<String> command = image.command();
        command.add("--server.address=" + host().address());
        command.add("--server.port=" + PORT);
        command.add("--patchkey.cluster.address=" + host().address());
        // The network is the test's own, and all traffic comes from few addresses in it.
        command.add("--patchkey.security.open=true");
        command.add("--patchkey.limits.requests-per-second=0");
        command.addAll(settings);
        return command;
    }

    @Override
    Map<String, String> environment() {
        return Map.of(
                "LD_PRELOAD",
                clockLibrary.toString(),
                "FAKETIME_TIMESTAMP_FILE",
                directory.resolve("clock").toString(),
                "FAKETIME_CACHE_DURATION",
                "1",
                "FAKETIME_DONT_FAKE_MONOTONIC",
                "1",
                // Else each wait of the JVM with a time limit ends at once, and its threads spin.
                "FAKETIME_FORCE_MONOTONIC_FIX",
                "0",
                "NO_FAKE_STAT",
                "1");
    }
}
