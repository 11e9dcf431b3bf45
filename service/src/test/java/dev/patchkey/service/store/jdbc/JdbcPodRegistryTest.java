package dev.patchkey.service.store.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.patchkey.service.store.PodRegistry;
import dev.patchkey.service.store.PodRegistry.Phase;
import dev.patchkey.service.store.PodRegistry.Row;
import dev.patchkey.service.store.PodRegistryContract;
import dev.patchkey.service.store.StoreUnavailableException;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(TestDatabase.Kind.class)
class JdbcPodRegistryTest extends PodRegistryContract {
    private final TestDatabase.Kind kind;

    @TempDir
    private Path directory;

    private TestDatabase database;
    private FaultyDataSource faulty;

    JdbcPodRegistryTest(TestDatabase.Kind kind) {
        this.kind = kind;
    }

    @BeforeEach
    void open() {
        database = TestDatabase.of(kind, directory);
        faulty = new FaultyDataSource(database.dataSource(), sql -> sql);
    }

    @AfterEach
    void close() {
        database.close();
    }

    @Override
    protected PodRegistry one() {
        return new JdbcPodRegistry(database.dataSource(), database.durability());
    }

    @Override
    protected PodRegistry other() {
        return one();
    }

    @Test
    void aDatabaseThatDoesNotAnswerIsNoAnswer() {
        PodRegistry registry = new JdbcPodRegistry(faulty.dataSource(), database.durability());
        registry.put(row("a", Phase.SERVING, 1));
        faulty.away(true);
        assertThatThrownBy(registry::all).isInstanceOf(StoreUnavailableException.class);
        assertThatThrownBy(() -> registry.put(row("a", Phase.SERVING, 2)))
                .isInstanceOf(StoreUnavailableException.class);
        faulty.away(false);
        faulty.failNextCommit(FaultyDataSource.Fault.COMMITTED_AND_LOST);
        assertThatThrownBy(() -> registry.put(row("a", Phase.SERVING, 3)))
                .isInstanceOf(StoreUnavailableException.class);
        assertThat(registry.all()).containsExactly(row("a", Phase.SERVING, 3));
    }

    @Test
    void aPhaseOfALaterReleaseIsTakenForThatOfAPodWithNodes() throws Exception {
        one().put(row("a", Phase.IDLE, 1));
        try (Connection connection = database.dataSource().getConnection()) {
            Sql.update(connection, "UPDATE pods SET phase = ?", "LATER");
            if (!connection.getAutoCommit()) {
                connection.commit();
            }
        }
        assertThat(one().all()).containsExactly(row("a", Phase.SERVING, 1));
    }

    @Test
    void namesAreOnlyForPeopleAndMayBeShortened() {
        String longest = "x".repeat(1000);
        one().put(new Row("a", longest, longest, Duration.ofSeconds(30), Duration.ofSeconds(15), Phase.IDLE, 1));
        assertThat(one().all()).singleElement().satisfies(row -> {
            assertThat(row.name()).hasSize(256);
            assertThat(row.cluster()).hasSize(256);
        });
    }
}
