package dev.patchkey.systemtests.robustness.traffic;

import dev.patchkey.systemtests.robustness.history.Answer;
import dev.patchkey.systemtests.robustness.history.Call;
import dev.patchkey.systemtests.robustness.history.Operation;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One thread that makes one call after the other, each drawn from the seed. */
final class Caller implements Runnable {

    /** Between two attempts of a call. */
    private static final long RETRY_MILLIS = 100;

    /** After this a caller lives with an outcome of unknown fate. Longer than most faults, shorter than some. */
    private static final long GIVE_UP_NANOS = TimeUnit.SECONDS.toNanos(15);

    /** A caller that goes faster finds nothing more, and takes the processors from the pods. */
    private static final int LONGEST_PAUSE_MILLIS = 30;

    static final Duration LONGEST_LEASE = Duration.ofSeconds(8);

    /** The service takes none shorter than a second. */
    private static final Duration SHORTEST_LEASE = Duration.ofSeconds(1);

    private static final int MOST_RENEWALS = 8;

    private static final String AWAIT = "?await=applied&timeout=PT2S";

    private final String name;
    private final Random random;
    private final List<URI> pods;
    private final List<String> keys;
    private final boolean leases;
    private final Consumer<Call> calls;
    private final Http http = new Http();

    /** The holds without lease that this caller has acquired, or may have. */
    private final Deque<Operation.Acquire> holds = new ArrayDeque<>();

    /** The holds with a lease that it renews, the next one first. */
    private final Queue<Leased> leased = new PriorityQueue<>(Comparator.comparingLong(Leased::due));

    private final Map<String, Integer> references = new HashMap<>();
    private int number;
    private volatile boolean stopped;

    Caller(String name, Random random, List<URI> pods, List<String> keys, boolean leases, Consumer<Call> calls) {
        this.name = name;
        this.random = random;
        this.pods = pods;
        this.keys = keys;
        this.leases = leases;
        this.calls = calls;
    }

    void stop() {
        stopped = true;
    }

    @Override
    public void run() {
        while (!stopped) {
            next();
            sleep(random.nextInt(LONGEST_PAUSE_MILLIS));
        }
    }

    private void next() {
        Leased first = leased.peek();
        if (first != null && System.nanoTime() - first.due() >= 0) {
            renew(leased.remove());
            return;
        }
        String key = keys.get(random.nextInt(keys.size()));
        switch (random.nextInt(12)) {
            case 0, 1, 2 -> increment(key);
            case 3, 4 -> decrement(key, references.getOrDefault(key, 0) > 0 ? 1 : 1 + random.nextInt(2));
            case 5 -> acquire(key);
            case 6 -> release(holds.poll());
            case 7 -> {
                if (leases) {
                    acquireLeased(key);
                }
            }
            case 8, 9 -> read(key, true);
            default -> read(key, false);
        }
    }

    private void increment(String key) {
        int by = 1 + random.nextInt(2);
        if (change("increment", new Operation.Increment(key, by), by) instanceof Answer.Done) {
            references.merge(key, by, Integer::sum);
        }
    }

    private void decrement(String key, int by) {
        if (change("decrement", new Operation.Decrement(key, by), by) instanceof Answer.Done) {
            references.merge(key, -by, Integer::sum);
        }
    }

    private Answer change(String path, Operation operation, int by) {
        String id = id();
        boolean idempotent = random.nextInt(3) > 0;
        return call(
                id,
                operation,
                "POST",
                "/v1/keys/" + operation.key() + "/" + path + await(),
                "{\"by\":" + by + ",\"reason\":\"" + id + "\"}",
                idempotent ? id : null,
                idempotent);
    }

    private void acquire(String key) {
        Operation.Acquire acquire = new Operation.Acquire(key, id());
        holds.add(acquire);
        if (put(acquire) instanceof Answer.NotDone) {
            holds.remove(acquire);
        }
    }

    /** Half of them are never renewed, and end by themselves. */
    private void acquireLeased(String key) {
        Duration lease = Duration.ofMillis(random.nextLong(SHORTEST_LEASE.toMillis(), LONGEST_LEASE.toMillis()));
        Operation.Acquire acquire = new Operation.Acquire(key, id(), lease);
        put(acquire);
        if (random.nextBoolean()) {
            leased.add(Leased.after(acquire, random.nextInt(MOST_RENEWALS)));
        }
    }

    /** Renews a hold; one that has ended meanwhile, since its caller was late, is acquired anew. */
    private void renew(Leased hold) {
        if (hold.renewals() > 0) {
            put(hold.acquire());
            leased.add(Leased.after(hold.acquire(), hold.renewals() - 1));
        } else if (random.nextBoolean()) {
            release(hold.acquire());
        }
    }

    private Answer put(Operation.Acquire acquire) {
        String id = id();
        String lease = acquire.lease() == null ? "" : ",\"lease\":\"" + acquire.lease() + "\"";
        return call(
                id,
                acquire,
                "PUT",
                "/v1/keys/" + acquire.key() + "/holds/" + acquire.holder() + await(),
                "{\"reason\":\"" + id + "\"" + lease + "}",
                id,
                true);
    }

    private void release(Operation.@Nullable Acquire acquired) {
        if (acquired != null) {
            String path = "/v1/keys/" + acquired.key() + "/holds/" + acquired.holder();
            Operation.Release release = new Operation.Release(acquired.key(), acquired.holder());
            call(id(), release, "DELETE", path + await(), null, null, true);
        }
    }

    private void read(String key, boolean strong) {
        String path = "/v1/keys/" + key + (strong ? "?consistency=strong" : "");
        call(id(), new Operation.Read(key, strong), "GET", path, null, null, false);
    }

    /** Makes the call, again and again if it may be retried, and writes down what came of it. */
    private Answer call(
            String id,
            Operation operation,
            String method,
            String path,
            @Nullable String body,
            @Nullable String idempotencyKey,
            boolean retries) {
        long begin = System.nanoTime();
        boolean unknown = false;
        Answer answer;
        while (true) { // ends: at the first answer, or when the caller gives up
            answer = http.attempt(pods.get(random.nextInt(pods.size())), method, path, body, idempotencyKey);
            boolean decided = !(answer instanceof Answer.Unknown || answer instanceof Answer.NotDone);
            if (decided || !retries || stopped || System.nanoTime() - begin > GIVE_UP_NANOS) {
                break;
            }
            unknown |= answer instanceof Answer.Unknown;
            sleep(RETRY_MILLIS);
        }
        boolean blind = unknown && idempotencyKey == null;
        if (unknown && answer instanceof Answer.NotDone) {
            answer = new Answer.Unknown();
        }
        Call call = new Call(id, operation, begin, System.nanoTime(), blind, answer);
        if (!(operation instanceof Operation.Read) || answer instanceof Answer.Done || answer instanceof Answer.Stale) {
            calls.accept(call);
        }
        return answer;
    }

    private String await() {
        return random.nextInt(4) == 0 ? AWAIT : "";
    }

    private String id() {
        return name + "-" + number++;
    }

    private static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new IllegalStateException("nobody interrupts a caller", e);
        }
    }
}
