package dev.patchkey.service.store;

import dev.patchkey.service.refcount.Action;
import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.Outcome;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/** Times what a store is asked, and what it takes to make a batch durable and visible. Thread-safe. */
public final class StoreMetrics {

    /** From a commit in memory to a store that hangs. Each is a series for each combination of labels. */
    private static final List<Duration> BUCKETS = List.of(
            Duration.ofMillis(1),
            Duration.ofMillis(2),
            Duration.ofMillis(5),
            Duration.ofMillis(10),
            Duration.ofMillis(25),
            Duration.ofMillis(50),
            Duration.ofMillis(100),
            Duration.ofMillis(250),
            Duration.ofSeconds(1),
            Duration.ofSeconds(5));

    private static final double[] SIZES = {1, 2, 5, 10, 25, 50, 100, 250, 1000};

    private static final List<String> ACTIONS =
            List.of("increment", "decrement", "acquire", "release", "expire", "delete");

    /** What became of a command, as metrics tell it. */
    private enum Result {
        /** It has changed something that an observer can see. */
        DONE,
        /** It was a no-op, or renewed a hold. */
        UNCHANGED,
        REFUSED,
        /** The store was not there, and it was surely not applied. */
        UNAVAILABLE,
        /** It may have been applied. */
        UNKNOWN;

        static Result of(@Nullable Outcome outcome, @Nullable Throwable failure) {
            if (outcome instanceof Outcome.Done done) {
                return done.changed() ? DONE : UNCHANGED;
            }
            if (outcome instanceof Outcome.Refused) {
                return REFUSED;
            }
            Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
            return cause instanceof StoreUnavailableException ? UNAVAILABLE : UNKNOWN;
        }

        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** What became of a commit. */
    public enum Commit {
        /** It is durable. */
        DONE,
        /** It surely did not happen. */
        UNAVAILABLE,
        /** It may have happened. */
        UNKNOWN
    }

    private final MeterRegistry registry;
    private final Map<String, Map<Result, Timer>> operations = new HashMap<>();
    private final Map<Commit, Timer> commits = new EnumMap<>(Commit.class);
    private final Timer publications;
    private final DistributionSummary batches;

    public StoreMetrics(MeterRegistry registry) {
        this.registry = registry;
        for (String action : ACTIONS) {
            Map<Result, Timer> timers = new EnumMap<>(Result.class);
            for (Result result : Result.values()) {
                timers.put(
                        result,
                        Timer.builder("patchkey.operations")
                                .description("Commands, from their arrival at this pod to their outcome")
                                .tags("action", action, "outcome", result.word())
                                .serviceLevelObjectives(buckets())
                                .register(registry));
            }
            operations.put(action, timers);
        }
        for (Commit commit : Commit.values()) {
            commits.put(
                    commit,
                    Timer.builder("patchkey.store.commits")
                            .description("Batches, from the beginning of the commit to its end")
                            .tag("outcome", commit.name().toLowerCase(Locale.ROOT))
                            .serviceLevelObjectives(buckets())
                            .register(registry));
        }
        publications = Timer.builder("patchkey.store.publications")
                .description("From the commit of a batch to its visibility in the cluster's map and this pod's view")
                .serviceLevelObjectives(buckets())
                .register(registry);
        batches = DistributionSummary.builder("patchkey.store.batch.size")
                .description("Commands that were decided together")
                .serviceLevelObjectives(SIZES)
                .register(registry);
    }

    /** The bounds of the buckets of every timer of the service. */
    public static Duration[] buckets() {
        return BUCKETS.toArray(Duration[]::new);
    }

    /** Submits a command, and counts it by what becomes of it before anybody is told. */
    public CompletableFuture<Outcome> timed(Command command, Function<Command, CompletableFuture<Outcome>> submit) {
        long begun = System.nanoTime();
        return submit.apply(command)
                .whenComplete((outcome, failure) -> timer(command.action(), outcome, failure)
                        .record(System.nanoTime() - begun, TimeUnit.NANOSECONDS));
    }

    private Timer timer(Action action, @Nullable Outcome outcome, @Nullable Throwable failure) {
        Map<Result, Timer> timers = Objects.requireNonNull(operations.get(action.word()));
        return Objects.requireNonNull(timers.get(Result.of(outcome, failure)));
    }

    /** So many commands go to be decided together. */
    public void batch(int size) {
        batches.record(size);
    }

    /** A commit that began at that time, by {@link System#nanoTime}, has ended so. */
    public void commit(Commit commit, long begun) {
        Objects.requireNonNull(commits.get(commit)).record(System.nanoTime() - begun, TimeUnit.NANOSECONDS);
    }

    /** What was committed is visible, which took from that time to now. */
    public void published(long begun) {
        publications.record(System.nanoTime() - begun, TimeUnit.NANOSECONDS);
    }

    /**
     * Shows how the store stands.
     *
     * @param waiting how many commands have no outcome yet
     */
    public void watch(IntSupplier waiting, Staleness staleness, View view) {
        Gauge.builder("patchkey.store.commands.waiting", waiting, IntSupplier::getAsInt)
                .description("Commands at this pod that have no outcome yet")
                .strongReference(true)
                .register(registry);
        TimeGauge.builder(
                        "patchkey.store.reconciliation.age",
                        staleness,
                        TimeUnit.NANOSECONDS,
                        each -> each.age().toNanos())
                .description("Since this pod's view was last found to be what the store has")
                .strongReference(true)
                .register(registry);
        Gauge.builder("patchkey.store.stale", staleness, each -> each.now() == null ? 0 : 1)
                .description("Whether reads from this pod's memory are marked stale")
                .strongReference(true)
                .register(registry);
        Gauge.builder("patchkey.store.epoch", view, each -> each.version().epoch())
                .description("The life of the store that this pod's view is of")
                .strongReference(true)
                .register(registry);
        Gauge.builder("patchkey.store.revision", view, each -> each.version().revision())
                .description("The revision that this pod's view has come to")
                .strongReference(true)
                .register(registry);
    }
}
