package dev.patchkey.service.store;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Queues of questions that are answered in batches: what arrives while a batch of its lane is in flight goes with the
 * next, so that batches grow with the load and a lone question waits for nobody.
 *
 * <p>A lane has at most one batch in flight. It exists while it has questions or a batch in flight, so lanes may be named
 * after anything.
 *
 * @param <L> what a lane is named after
 * @param <Q> a question
 * @param <A> its answer
 */
public final class NaturalBatches<L, Q, A> {
    private static final Logger log = LoggerFactory.getLogger(NaturalBatches.class);

    /** The most questions that wait, in all lanes: what they weigh is bounded, and so is how long the last one waits. */
    public static final int MOST_WAITING = 16_384;

    /** A question that waits for its answer. The future is completed on a virtual thread, which may block. */
    public static final class Pending<Q, A> {
        private final Q question;
        private final CompletableFuture<A> answer = new CompletableFuture<>();
        private final AtomicBoolean answered = new AtomicBoolean();

        Pending(Q question) {
            this.question = question;
        }

        public Q question() {
            return question;
        }

        public void answer(A value) {
            if (answered.compareAndSet(false, true)) {
                Thread.startVirtualThread(() -> answer.complete(value));
            }
        }

        /** Does nothing if the question is answered already. */
        public void fail(RuntimeException failure) {
            fail(() -> failure);
        }

        private void fail(Supplier<RuntimeException> failure) {
            if (answered.compareAndSet(false, true)) {
                Thread.startVirtualThread(() -> answer.completeExceptionally(failure.get()));
            }
        }
    }

    private final ConcurrentMap<L, Queue<Pending<Q, A>>> lanes = new ConcurrentHashMap<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private final Executor runner;
    private final int largest;
    private final Consumer<List<Pending<Q, A>>> work;

    /**
     * @param runner runs a lane until it is empty
     * @param largest the most questions in one batch
     * @param work answers or fails each question of a batch; those it leaves or throws over are failed as
     *     {@linkplain OutcomeUnknownException unknown}
     */
    public NaturalBatches(Executor runner, int largest, Consumer<List<Pending<Q, A>>> work) {
        this.runner = runner;
        this.largest = largest;
        this.work = work;
    }

    /** Asks; fails with {@link StoreUnavailableException} if too many questions wait or the runner is closed. */
    public CompletableFuture<A> submit(L lane, Q question) {
        if (waiting.incrementAndGet() > MOST_WAITING) {
            waiting.decrementAndGet();
            return CompletableFuture.failedFuture(new StoreUnavailableException(
                    "The store has " + MOST_WAITING + " commands waiting; none more is taken"));
        }
        Pending<Q, A> pending = new Pending<>(question);
        AtomicBoolean isNew = new AtomicBoolean();
        lanes.compute(lane, (name, queue) -> {
            Queue<Pending<Q, A>> own = queue;
            if (own == null) {
                own = new ArrayDeque<>();
                isNew.set(true);
            }
            own.add(pending);
            return own;
        });
        if (isNew.get()) {
            start(lane);
        }
        return pending.answer;
    }

    /** How many questions have no answer yet. */
    public int waiting() {
        return waiting.get();
    }

    private void start(L lane) {
        try {
            runner.execute(() -> run(lane));
        } catch (RejectedExecutionException | Error e) {
            // No runner has the lane: what is in it has surely not been tried.
            for (List<Pending<Q, A>> batch = take(lane); !batch.isEmpty(); batch = take(lane)) {
                waiting.addAndGet(-batch.size());
                batch.forEach(each -> each.fail(new StoreUnavailableException("The store runs nothing more", e)));
            }
        }
    }

    private void run(L lane) {
        for (List<Pending<Q, A>> batch = take(lane); !batch.isEmpty(); batch = take(lane)) {
            Supplier<RuntimeException> unanswered;
            try {
                work.accept(batch);
                unanswered = () -> new OutcomeUnknownException("The batch ended without an answer");
            } catch (Throwable e) {
                // An Error too: a lane without its runner would take questions for ever and answer none.
                log.error("A batch of {} failed, and what it has not answered is unknown", batch.size(), e);
                unanswered = () -> new OutcomeUnknownException("The batch failed: " + e, e);
            }
            waiting.addAndGet(-batch.size());
            for (Pending<Q, A> each : batch) {
                each.fail(unanswered);
            }
        }
    }

    /** The next batch of the lane; an empty one if there is none, and then the lane is gone. */
    private List<Pending<Q, A>> take(L lane) {
        List<Pending<Q, A>> batch = new ArrayList<>();
        lanes.computeIfPresent(lane, (name, queue) -> {
            while (batch.size() < largest && !queue.isEmpty()) {
                batch.add(queue.remove());
            }
            return batch.isEmpty() ? null : queue;
        });
        return batch;
    }
}
