package dev.patchkey.systemtests;

import com.sun.net.httpserver.HttpServer;
import dev.patchkey.client.Hold;
import dev.patchkey.client.Patchkey;
import dev.patchkey.client.PatchkeyException;
import dev.patchkey.micrometer.PatchkeyMetrics;
import dev.patchkey.statickey.StaticKey;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.LongAdder;

/**
 * A node that does what its standard input says, a line at a time, and answers each line with one. Its arguments are the
 * service, its id and, unless nobody scrapes it, the port of the loopback interface at which Prometheus may.
 */
public final class NodeMain {

    static final String FLIP = "system.flip";
    static final String SEED = "system.seed";

    private static final StaticKey FLIPPED = StaticKey.of(FLIP);
    private static final StaticKey SEEDED = StaticKey.of(SEED);

    private final Patchkey patchkey;
    private final Map<String, Hold> holds = new HashMap<>();
    private final List<Thread> seeds = new ArrayList<>();
    private final LongAdder acquired = new LongAdder();
    private final LongAdder missed = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private volatile boolean stopped;

    private NodeMain(Patchkey patchkey) {
        this.patchkey = patchkey;
    }

    public static void main(String[] args) throws IOException {
        try (Patchkey patchkey = Patchkey.builder(URI.create(args[0]))
                .node(args[1])
                .application("system-tests")
                .start()) {
            if (args.length > 2) {
                export(patchkey, Integer.parseInt(args[2]));
            }
            NodeMain node = new NodeMain(patchkey);
            var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line = in.readLine(); line != null && !line.equals("quit"); line = in.readLine()) {
                System.out.println(node.answer(line.split(" ", -1)));
            }
        }
    }

    /** Until the JVM ends. */
    private static void export(Patchkey patchkey, int port) throws IOException {
        var registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        PatchkeyMetrics.of(patchkey).bindTo(registry);
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.createContext("/metrics", exchange -> {
            try (exchange) {
                byte[] scrape = registry.scrape().getBytes(StandardCharsets.UTF_8);
                exchange.getResponseHeaders().set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
                exchange.sendResponseHeaders(200, scrape.length);
                exchange.getResponseBody().write(scrape);
            }
        });
        server.setExecutor(Executors.newSingleThreadExecutor(task -> {
            Thread thread = new Thread(task, "scrapes");
            thread.setDaemon(true);
            return thread;
        }));
        server.start();
    }

    private String answer(String[] command) {
        try {
            return switch (command[0]) {
                case "ready" -> String.valueOf(patchkey.awaitReady(Duration.ofMillis(Long.parseLong(command[1]))));
                case "phase" -> patchkey.status().phase().name();
                case "status" -> patchkey.status().toString();
                case "enabled" -> String.valueOf(StaticKey.of(command[1]).isEnabled());
                case "count" -> String.valueOf(StaticKey.of(command[1]).count());
                case "path" -> path();
                case "acquire" -> acquire(command[1]);
                case "release" -> release(command[1]);
                case "live" -> live(command[1]);
                case "seed" -> seed(Integer.parseInt(command[1]));
                case "seeded" -> acquired.sum() + " " + missed.sum() + " " + failed.sum();
                case "stop" -> stop();
                default -> "unknown command";
            };
        } catch (PatchkeyException e) {
            return "failed: " + e.getMessage();
        }
    }

    /** Runs the loop from now on: which share of its rounds takes the path of the key. */
    private static String path() {
        int taken = 0;
        int rounds = 1_000_000;
        for (int i = 0; i < rounds; i++) {
            if (FLIPPED.isEnabled()) {
                taken++;
            }
        }
        return taken == rounds ? "on" : taken == 0 ? "off" : "mixed " + taken;
    }

    private String acquire(String key) {
        Hold hold = patchkey.acquire(StaticKey.of(key));
        boolean enabled = StaticKey.of(key).isEnabled();
        holds.put(key, hold);
        return enabled ? "held" : "held and not enabled";
    }

    private String live(String key) {
        Hold hold = holds.get(key);
        return hold == null ? "none" : String.valueOf(hold.isLive());
    }

    private String release(String key) {
        Hold hold = holds.remove(key);
        if (hold != null) {
            hold.close();
        }
        return "released";
    }

    private String seed(int threads) {
        stopped = false;
        for (int i = 0; i < threads; i++) {
            Thread thread = new Thread(this::acquireCheckRelease, "seed-" + i);
            thread.start();
            seeds.add(thread);
        }
        return "started";
    }

    private void acquireCheckRelease() {
        while (!stopped) {
            try (Hold hold = patchkey.acquire(SEEDED)) {
                if (!SEEDED.isEnabled() && hold.isLive()) {
                    missed.increment();
                }
                acquired.increment();
            } catch (PatchkeyException e) {
                failed.increment();
            }
        }
    }

    private String stop() {
        stopped = true;
        for (Thread thread : seeds) {
            try {
                thread.join(60_000);
            } catch (InterruptedException e) {
                return "interrupted";
            }
            if (thread.isAlive()) {
                return thread.getName() + " did not end";
            }
        }
        seeds.clear();
        return "stopped";
    }
}
