package dev.patchkey.benchmarks;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.LongAdder;

/**
 * Acknowledged increments per second over HTTP by 16 connections, on one hot key and on 1,000 keys, on both stores. The
 * load comes from the same machine and takes its share of the cores.
 */
final class ServiceBenchmark {

    private static final int CONNECTIONS = 16;
    private static final long ROUND_NANOS = 10_000_000_000L;
    private static final long QUICK_ROUND_NANOS = 200_000_000L;

    /** Measured, after one to warm up. */
    private static final int ROUNDS = 3;

    private ServiceBenchmark() {}

    static void run(Report report, List<String> arguments) throws IOException, InterruptedException {
        System.out.println("measuring increments");
        long roundNanos = report.isQuick() ? QUICK_ROUND_NANOS : ROUND_NANOS;
        List<String> raw = new ArrayList<>();
        List<List<String>> rows = new ArrayList<>();
        double first = 0;
        for (String store : List.of("jdbc", "hazelcast")) {
            try (ServiceProcess service = new ServiceProcess(arguments, store)) {
                for (int keys : new int[] {1, 1000}) {
                    load(service.uri(), keys, roundNanos);
                    double last = 0;
                    StringJoiner rounds = new StringJoiner("; ");
                    for (int round = 1; round <= ROUNDS; round++) {
                        last = load(service.uri(), keys, roundNanos);
                        rounds.add("%,.0f".formatted(last));
                        raw.add("%s, %d keys, round %d: %f".formatted(store, keys, round, last));
                    }
                    first = first == 0 ? last : first;
                    rows.add(List.of(store, "%,d".formatted(keys), rounds.toString(), "%.2f".formatted(last / first)));
                }
            }
        }
        report.raw("service", raw);
        report.table(
                "Increments over HTTP, %d connections, rounds of %,d ms".formatted(CONNECTIONS, roundNanos / 1_000_000),
                List.of("store", "keys", "increments/s, round by round", "ratio of the last to the first row's"),
                rows);
    }

    private static double load(URI service, int keys, long nanos) throws InterruptedException {
        LongAdder done = new LongAdder();
        long start = System.nanoTime();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < CONNECTIONS; i++) {
            Thread thread = new Thread(() -> connection(service, keys, start + nanos, done));
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) {
            thread.join();
        }
        return done.sum() / ((System.nanoTime() - start) / 1e9);
    }

    private static void connection(URI service, int keys, long end, LongAdder done) {
        try (Socket socket = new Socket(service.getHost(), service.getPort())) {
            socket.setTcpNoDelay(true);
            InputStream in = new BufferedInputStream(socket.getInputStream());
            OutputStream out = socket.getOutputStream();
            while (System.nanoTime() < end) {
                int key = ThreadLocalRandom.current().nextInt(keys);
                out.write(("POST /v1/keys/load." + key + "/increment HTTP/1.1\r\nHost: localhost\r\n"
                                + "Content-Length: 0\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
                requireOk(in);
                done.increment();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void requireOk(InputStream in) throws IOException {
        String status = line(in);
        int length = 0;
        for (String header = line(in); !header.isEmpty(); header = line(in)) {
            if (header.regionMatches(true, 0, "content-length:", 0, 15)) {
                length = Integer.parseInt(header.substring(15).trim());
            } else if (header.regionMatches(true, 0, "transfer-encoding:", 0, 18)) {
                length = -1;
            }
        }
        if (length >= 0) {
            in.skipNBytes(length);
        } else {
            for (int chunk = chunkLength(in); chunk > 0; chunk = chunkLength(in)) {
                in.skipNBytes(chunk + 2L);
            }
            line(in);
        }
        if (!status.startsWith("HTTP/1.1 200")) {
            throw new IOException("an increment was answered: " + status);
        }
    }

    private static int chunkLength(InputStream in) throws IOException {
        return Integer.parseInt(line(in), 16);
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new EOFException("the service has closed the connection");
            }
            if (c != '\r') {
                line.append((char) c);
            }
        }
        return line.toString();
    }
}
