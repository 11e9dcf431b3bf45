package dev.patchkey.service.web;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.patchkey.service.limits.Addresses;
import dev.patchkey.service.limits.LimitProperties;
import dev.patchkey.service.limits.Places;
import dev.patchkey.service.problem.ProblemType;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.security.Caller;
import dev.patchkey.service.security.Credentials;
import dev.patchkey.service.store.ReferenceCounts;
import dev.patchkey.service.store.Stale;
import dev.patchkey.service.store.View;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.springframework.context.SmartLifecycle;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.json.JsonMapper;

/**
 * Feeds watchers by server-sent events. Each stream begins with a whole snapshot, a resumed one too, so nothing that
 * happened in between can be missed. Streams end before the web server waits for its requests to end, which they would
 * never do by themselves.
 */
@RestController
@Tag(name = "watch")
class WatchController implements SmartLifecycle {

    /** Each stream keeps a virtual thread, a connection and a subscription. */
    private static final int MOST_WATCHERS = 1000;

    /** Short of the idle time-outs of common proxies. */
    private static final Duration HEARTBEAT = Duration.ofSeconds(15);

    /** How soon a watcher is told that the pod's view has become stale, or current again. */
    private static final Duration LOOK = Duration.ofSeconds(1);

    private final ReferenceCounts counts;
    private final Credentials credentials;
    private final JsonMapper json;
    private final Places placesOfCallers;
    private final Semaphore places = new Semaphore(MOST_WATCHERS);
    private final Set<Watch> watches = ConcurrentHashMap.newKeySet();
    private volatile boolean running;

    WatchController(ReferenceCounts counts, Credentials credentials, LimitProperties limits, JsonMapper json) {
        this.counts = counts;
        this.credentials = credentials;
        this.placesOfCallers = new Places(limits.watchersPerCaller());
        this.json = json;
    }

    private record Line(String key, int count, boolean enabled, long epoch, long revision) {
        static Line of(View.Entry entry) {
            Version version = entry.version();
            return new Line(entry.key().value(), entry.count(), entry.count() > 0, version.epoch(), version.revision());
        }
    }

    @JsonInclude(JsonInclude.Include.NON_NULL)
    private record Snapshot(
            long epoch,
            long revision,
            List<Line> keys,
            @Nullable Boolean stale,
            @Nullable Instant staleSince) {}

    @JsonInclude(JsonInclude.Include.NON_NULL)
    private record StaleLine(boolean stale, @Nullable Instant staleSince) {}

    @GetMapping(path = "/v1/watch", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
    @Operation(
            summary = "Streams snapshots and changes as server-sent events",
            description = "Begins with an event named snapshot that has all keys, then one named change for each newest"
                    + " state; a slow reader gets the newest state of a key and not each one before it. An event named"
                    + " stale says that the pod may lack changes, and then that it does no longer.")
    void watch(@RequestParam(defaultValue = "") String prefix, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        Caller caller = Caller.of(request.getUserPrincipal());
        Watch watch = new Watch(caller.within(Checks.prefix(prefix)));
        if (HttpMethod.HEAD.matches(request.getMethod())) {
            // Nothing is written to whoever asks for headers alone, so a stream would not find out that it is gone.
            begin(response);
            return;
        }
        String counted = caller.countedAs(Addresses.counted(request.getRemoteAddr()));
        if (!placesOfCallers.tryTake(counted)) {
            throw ProblemException.of(
                    ProblemType.TOO_MANY_WATCHERS,
                    "This pod feeds at most " + placesOfCallers.most() + " watchers of one caller");
        }
        try {
            if (!places.tryAcquire()) {
                throw ProblemException.of(
                        ProblemType.TOO_MANY_WATCHERS, "This pod feeds at most " + MOST_WATCHERS + " watchers");
            }
            try {
                watch(watch, caller, response);
            } finally {
                places.release();
            }
        } finally {
            placesOfCallers.giveBack(counted);
        }
    }

    private static void begin(HttpServletResponse response) {
        response.setContentType(MediaType.TEXT_EVENT_STREAM_VALUE);
        response.setCharacterEncoding("UTF-8");
        response.setHeader("Cache-Control", "no-store");
    }

    private void watch(Watch watch, Caller caller, HttpServletResponse response) throws IOException {
        watches.add(watch);
        if (!running) {
            watch.close();
        }
        View.Subscription subscription = counts.view().subscribe(watch);
        try {
            begin(response);
            feed(watch, caller, response.getWriter());
        } catch (InterruptedException e) {
            response.getWriter().flush();
        } finally {
            subscription.close();
            watches.remove(watch);
        }
    }

    private void feed(Watch watch, Caller caller, PrintWriter out) throws InterruptedException {
        boolean stale = writeSnapshot(watch, out);
        long written = System.nanoTime();
        // Ends with the connection: a heartbeat to a reader that is gone fails. And with the credential: whose token is
        // taken away watches no longer.
        while (!out.checkError() && credentials.areGood(caller)) {
            Watch.News news = watch.await(LOOK);
            Stale now = counts.stale();
            boolean turned = (now != null) != stale;
            if (turned) {
                stale = now != null;
                write(out, "stale", counts.view().version(), new StaleLine(stale, Answers.since(now)));
            }
            if (news != null) {
                List<View.Entry> changes = news.changes();
                if (changes == null) {
                    stale = writeSnapshot(watch, out);
                } else {
                    changes.forEach(entry -> write(out, "change", entry.version(), Line.of(entry)));
                }
            } else if (!turned) {
                if (System.nanoTime() - written < HEARTBEAT.toNanos()) {
                    continue;
                }
                out.print(": heartbeat\n\n");
            }
            written = System.nanoTime();
        }
    }

    /** Returns whether it was stale. */
    private boolean writeSnapshot(Watch watch, PrintWriter out) {
        Stale stale = counts.stale();
        View.Snapshot snapshot = counts.view().snapshot();
        List<Line> lines = snapshot.entries().stream()
                .filter(entry -> watch.concerns(entry.key()))
                .map(Line::of)
                .toList();
        Version version = snapshot.version();
        write(
                out,
                "snapshot",
                version,
                new Snapshot(version.epoch(), version.revision(), lines, Answers.isStale(stale), Answers.since(stale)));
        return stale != null;
    }

    private void write(PrintWriter out, String event, Version version, Object data) {
        out.print("event: " + event + "\nid: " + version.epoch() + "-" + version.revision() + "\ndata: ");
        out.print(json.writeValueAsString(data));
        out.print("\n\n");
    }

    @Override
    public void start() {
        running = true;
    }

    @Override
    public void stop() {
        running = false;
        watches.forEach(Watch::close);
    }

    @Override
    public boolean isRunning() {
        return running;
    }
}
