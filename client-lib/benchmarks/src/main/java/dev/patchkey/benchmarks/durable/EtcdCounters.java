package dev.patchkey.benchmarks.durable;

import dev.patchkey.benchmarks.ServerProcess;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KV;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.kv.TxnResponse;
import io.etcd.jetcd.op.Cmp;
import io.etcd.jetcd.op.CmpTarget;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.PutOption;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * etcd through jetcd. It has no increment: a caller reads the key, and writes what it has made of it in a transaction that
 * compares the key's revision. Where that fails, the same transaction reads the key anew, so that an attempt costs one
 * call; the caller tries again at once.
 */
final class EtcdCounters implements Counters {

    private static final int SECONDS_TO_START = 60;
    private static final int SECONDS_TO_ANSWER = 40;
    private static final int MOST_ATTEMPTS = 10_000;
    private static final String PREFIX = "load.";

    private final List<ServerProcess> servers = new ArrayList<>();
    private final List<String> endpoints = new ArrayList<>();
    private int callers;

    EtcdCounters(int count) throws IOException, InterruptedException {
        Optional<String> etcd = executable();
        String executable = etcd.orElseThrow(() -> new IllegalStateException(missing()));
        List<String> peers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            endpoints.add("http://127.0.0.1:" + ServerProcess.freePort());
            peers.add("http://127.0.0.1:" + ServerProcess.freePort());
        }
        List<String> cluster = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            cluster.add("e" + i + "=" + peers.get(i));
        }
        try {
            for (int i = 0; i < count; i++) {
                servers.add(ServerProcess.start(
                        "etcd",
                        List.of(
                                executable,
                                "--name=e" + i,
                                "--data-dir=data",
                                "--listen-client-urls=" + endpoints.get(i),
                                "--advertise-client-urls=" + endpoints.get(i),
                                "--listen-peer-urls=" + peers.get(i),
                                "--initial-advertise-peer-urls=" + peers.get(i),
                                "--initial-cluster=" + String.join(",", cluster))));
            }
            HttpClient http = HttpClient.newHttpClient();
            for (int i = 0; i < count; i++) {
                URI health = URI.create(endpoints.get(i)).resolve("/health");
                servers.get(i).awaitReady(SECONDS_TO_START, () -> isHealthy(http, health));
            }
        } catch (Throwable e) {
            close();
            throw e;
        }
    }

    private static boolean isHealthy(HttpClient http, URI health) throws IOException, InterruptedException {
        return http.send(HttpRequest.newBuilder(health).build(), HttpResponse.BodyHandlers.discarding())
                        .statusCode()
                == 200;
    }

    /** Where etcd is installed, if it is. */
    static Optional<String> executable() {
        return Pattern.compile(File.pathSeparator, Pattern.LITERAL)
                .splitAsStream(System.getenv().getOrDefault("PATH", ""))
                .map(directory -> new File(directory, "etcd"))
                .filter(File::canExecute)
                .map(File::getPath)
                .findFirst();
    }

    /** What to do if it is not. */
    static String missing() {
        return "there is no etcd on the PATH: install the package etcd-server (Debian: apt-get install etcd-server)";
    }

    private static ByteSequence bytes(String text) {
        return ByteSequence.from(text, StandardCharsets.US_ASCII);
    }

    private static <T> T get(CompletableFuture<T> answer) throws Exception {
        return answer.get(SECONDS_TO_ANSWER, TimeUnit.SECONDS);
    }

    @Override
    public void prepare(List<String> keys) throws Exception {
        try (Client client = Client.builder().endpoints(endpoints.get(0)).build()) {
            KV kv = client.getKVClient();
            for (String key : keys) {
                Op put = Op.put(bytes(key), bytes("0"), PutOption.DEFAULT);
                get(kv.txn()
                        .If(new Cmp(bytes(key), Cmp.Op.EQUAL, CmpTarget.version(0)))
                        .Then(put)
                        .commit());
            }
        }
    }

    @Override
    public Caller caller() {
        Client client = Client.builder()
                .endpoints(endpoints.get(callers++ % endpoints.size()))
                .build();
        KV kv = client.getKVClient();
        return new Caller() {
            @Override
            public int increment(String name) throws Exception {
                ByteSequence key = bytes(name);
                KeyValue seen = get(kv.get(key)).getKvs().get(0);
                for (int attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
                    TxnResponse answer = get(kv.txn()
                            .If(new Cmp(key, Cmp.Op.EQUAL, CmpTarget.modRevision(seen.getModRevision())))
                            .Then(Op.put(key, bytes(Long.toString(count(seen) + 1)), PutOption.DEFAULT))
                            .Else(Op.get(key, GetOption.DEFAULT))
                            .commit());
                    if (answer.isSucceeded()) {
                        return attempt;
                    }
                    seen = answer.getGetResponses().get(0).getKvs().get(0);
                }
                throw new IOException("others were faster " + MOST_ATTEMPTS + " times");
            }

            @Override
            public void close() {
                client.close();
            }
        };
    }

    private static long count(KeyValue entry) {
        return Long.parseLong(entry.getValue().toString(StandardCharsets.US_ASCII));
    }

    @Override
    public long sum(List<String> keys) throws Exception {
        try (Client client = Client.builder().endpoints(endpoints.get(0)).build()) {
            return get(client.getKVClient()
                            .get(
                                    bytes(PREFIX),
                                    GetOption.builder().isPrefix(true).build()))
                    .getKvs()
                    .stream()
                    .filter(entry -> keys.contains(entry.getKey().toString(StandardCharsets.US_ASCII)))
                    .collect(Collectors.summingLong(EtcdCounters::count));
        }
    }

    @Override
    public void close() throws IOException {
        for (ServerProcess server : servers) {
            server.close();
        }
    }
}
