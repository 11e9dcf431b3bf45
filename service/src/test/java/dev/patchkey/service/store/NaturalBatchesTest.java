package dev.patchkey.service.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class NaturalBatchesTest {
    private static final int STACK_OVERFLOW = -2;

    private final ExecutorService runner = Executors.newVirtualThreadPerTaskExecutor();
    private final CountDownLatch open = new CountDownLatch(1);
    private final List<Integer> sizes = new CopyOnWriteArrayList<>();
    private final NaturalBatches<String, Integer, Integer> batches = new NaturalBatches<>(runner, 100, batch -> {
        sizes.add(batch.size());
        await();
        batch.forEach(each -> {
            if (each.question() == STACK_OVERFLOW) {
                throw new StackOverflowError();
            }
            if (each.question() < 0) {
                throw new IllegalStateException("a mistake");
            }
            each.answer(each.question() + 1);
        });
    });

    private void await() {
        try {
            open.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @AfterEach
    void stop() {
        open.countDown();
        runner.close();
    }

    @Test
    void whatArrivesWhileABatchIsInFlightGoesWithTheNext() {
        List<CompletableFuture<Integer>> all = new ArrayList<>();
        all.add(batches.submit("lane", 0));
        while (sizes.isEmpty()) {
            Thread.onSpinWait();
        }
        for (int i = 1; i <= 150; i++) {
            all.add(batches.submit("lane", i));
        }
        open.countDown();
        for (int i = 0; i < all.size(); i++) {
            assertThat(all.get(i).join()).isEqualTo(i + 1);
        }
        assertThat(sizes).containsExactly(1, 100, 50);
    }

    @Test
    void lanesDoNotWaitForEachOther() {
        CompletableFuture<Integer> one = batches.submit("one", 0);
        CompletableFuture<Integer> two = batches.submit("two", 0);
        while (sizes.size() < 2) {
            Thread.onSpinWait();
        }
        open.countDown();
        assertThat(one.join()).isEqualTo(two.join());
        assertThat(sizes).containsExactly(1, 1);
    }

    @Test
    void takesNoMoreThanItsBound() {
        List<CompletableFuture<Integer>> all = new ArrayList<>();
        for (int i = 0; i < NaturalBatches.MOST_WAITING; i++) {
            all.add(batches.submit("lane", i));
        }
        assertThatThrownBy(() -> batches.submit("lane", 0).join()).hasCauseInstanceOf(StoreUnavailableException.class);
        open.countDown();
        all.forEach(CompletableFuture::join);
        assertThat(batches.submit("lane", 1).join()).isEqualTo(2);
    }

    @Test
    void aMistakeInTheWorkIsAnUnknownOutcome() {
        open.countDown();
        assertThatThrownBy(() -> batches.submit("lane", -1).join()).hasCauseInstanceOf(OutcomeUnknownException.class);
        assertThat(batches.submit("lane", 1).join()).isEqualTo(2);
    }

    @Test
    void anErrorInTheWorkIsAnUnknownOutcomeAndTheLaneGoesOn() {
        open.countDown();
        assertThatThrownBy(() -> batches.submit("lane", STACK_OVERFLOW)
                        .orTimeout(10, TimeUnit.SECONDS)
                        .join())
                .hasCauseInstanceOf(OutcomeUnknownException.class);
        assertThat(batches.submit("lane", 1).orTimeout(10, TimeUnit.SECONDS).join())
                .isEqualTo(2);
    }

    @Test
    void takesNothingOnceItIsClosed() {
        runner.shutdown();
        assertThatThrownBy(() -> batches.submit("lane", 1).join()).hasCauseInstanceOf(StoreUnavailableException.class);
    }
}
