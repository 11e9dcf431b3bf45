package dev.patchkey.service.store.jdbc;

import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.store.NaturalBatches;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * How far the database had come when a reader asked: a read from memory that has every change up to there is not older
 * than any change acknowledged before it, whichever pod, of whichever cluster, has acknowledged it. Readers that ask at
 * once share a question, which begins after the last of them has asked, so many readers cost one small query at a time.
 *
 * <p>It is what Raft calls a read index, with the head row in the place of the leader's commit index.
 */
final class ReadIndex implements AutoCloseable {

    /** How long a reader waits before it is answered from memory, marked stale: far above what one row takes to read. */
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private static final Version NOTHING = new Version(0, 0);

    private enum Lane {
        ONLY
    }

    /** Tells how far the database has come; blocks. */
    interface Question {
        Version ask() throws SQLException;
    }

    private final ExecutorService runner = Executors.newVirtualThreadPerTaskExecutor();
    private final NaturalBatches<Lane, Lane, Version> batches =
            new NaturalBatches<>(runner, NaturalBatches.MOST_WAITING, this::answer);

    /** Null where there is nothing to ask: every change comes from this pod, and its view has it. */
    private final @Nullable Question question;

    ReadIndex(@Nullable Question question) {
        this.question = question;
    }

    /** Asks the head row; nothing of an embedded database, which belongs to this pod alone. */
    static ReadIndex of(DataSource dataSource, Durability durability) {
        return durability.isEmbedded() ? new ReadIndex(null) : askingHead(dataSource, durability);
    }

    static ReadIndex askingHead(DataSource dataSource, Durability durability) {
        return new ReadIndex(() ->
                durability.read(dataSource, connection -> Head.read(connection).version()));
    }

    private void answer(List<NaturalBatches.Pending<Lane, Version>> batch) {
        try {
            Version head = Objects.requireNonNull(question).ask();
            batch.forEach(each -> each.answer(head));
        } catch (SQLException e) {
            batch.forEach(each -> each.fail(Sql.unavailable(e)));
        }
    }

    /** The database's version at a time after the call began; null if it did not say so in time. Blocks. */
    @Nullable Version ask() {
        if (question == null) {
            return NOTHING;
        }
        try {
            return batches.submit(Lane.ONLY, Lane.ONLY).get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            return null;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        }
    }

    @Override
    public void close() {
        runner.shutdown();
    }
}
