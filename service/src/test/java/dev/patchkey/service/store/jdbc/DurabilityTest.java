package dev.patchkey.service.store.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariDataSource;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DurabilityTest {

    private static HikariDataSource pool(Path directory, int connections) {
        HikariDataSource pool = new HikariDataSource();
        pool.setJdbcUrl("jdbc:h2:file:" + directory.resolve("patchkey") + ";WRITE_DELAY=0");
        pool.setMaximumPoolSize(connections);
        pool.setConnectionTimeout(500);
        return pool;
    }

    @ParameterizedTest
    @ValueSource(ints = {6, 10})
    void readersLeaveTheWritersTheirConnections(int connections, @TempDir Path directory) throws Exception {
        CountDownLatch done = new CountDownLatch(1);
        try (HikariDataSource pool = pool(directory, connections);
                ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor()) {
            Durability durability = Durability.of(pool);
            AtomicInteger reading = new AtomicInteger();
            List<Future<Boolean>> reads = new ArrayList<>();
            for (int i = 0; i < 2 * connections; i++) {
                reads.add(readers.submit(() -> durability.read(pool, connection -> {
                    reading.incrementAndGet();
                    return uninterruptibly(done);
                })));
            }
            await().until(() -> reading.get() == connections - Durability.WRITERS);
            List<Connection> writers = new ArrayList<>();
            for (int i = 0; i < Durability.WRITERS; i++) {
                writers.add(pool.getConnection());
            }
            assertThat(reading.get()).isEqualTo(connections - Durability.WRITERS);
            for (Connection writer : writers) {
                writer.close();
            }
            done.countDown();
            for (Future<Boolean> read : reads) {
                assertThat(read.get()).isTrue();
            }
        }
    }

    private static boolean uninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    @Test
    void refusesAPoolInWhichNobodyCouldRead(@TempDir Path directory) {
        try (HikariDataSource pool = pool(directory, 5)) {
            assertThatThrownBy(() -> Durability.of(pool))
                    .hasMessage("spring.datasource.hikari.maximum-pool-size must be at least 6, and is 5");
        }
    }
}
