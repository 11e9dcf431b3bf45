package dev.patchkey.service.store.jdbc;

import dev.patchkey.service.refcount.Holder;
import dev.patchkey.service.store.Incarnations;
import dev.patchkey.service.store.NaturalBatches;
import dev.patchkey.service.store.NodeLives;
import dev.patchkey.service.store.StoreUnavailableException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * The lives of nodes in the database. One that is known is answered by a read; new ones share transactions, since after
 * an outage a whole fleet has new ones at once.
 */
final class JdbcIncarnations implements Incarnations, AutoCloseable {

    private static final int LARGEST_BATCH = 256;

    private record Question(String principal, Holder node, String incarnation) {}

    private enum Lane {
        ONLY
    }

    private final DataSource dataSource;
    private final Durability durability;
    private final ExecutorService runner = Executors.newVirtualThreadPerTaskExecutor();
    private final NaturalBatches<Lane, Question, Numbered> batches =
            new NaturalBatches<>(runner, LARGEST_BATCH, this::answer);

    JdbcIncarnations(DataSource dataSource, Durability durability) {
        this.dataSource = dataSource;
        this.durability = durability;
    }

    @Override
    public Numbered number(String principal, Holder node, String incarnation) {
        Question question = new Question(principal, node, incarnation);
        try {
            Known known = durability.read(dataSource, connection -> lookUp(connection, question));
            return known != null && !known.isToBeNoted()
                    ? known.answer()
                    : batches.submit(Lane.ONLY, question).join();
        } catch (SQLException e) {
            throw Sql.unavailable(e);
        } catch (CompletionException e) {
            throw new StoreUnavailableException("The incarnation could not be numbered; a repeat finds out", e);
        }
    }

    @Override
    public Numbered find(String principal, Holder node, String incarnation) {
        try {
            Question question = new Question(principal, node, incarnation);
            Known known = durability.read(dataSource, connection -> lookUp(connection, question));
            return known != null ? known.answer() : NodeLives.unknown(node, incarnation);
        } catch (SQLException e) {
            throw new StoreUnavailableException("The incarnation could not be looked up: " + e.getMessage(), e);
        }
    }

    /** The table of nodes forgets none without a trace. */
    @Override
    public boolean mayHaveNumbered() {
        try {
            return durability.read(
                    dataSource,
                    connection -> !Sql.query(
                                    connection,
                                    "SELECT life FROM nodes UNION ALL SELECT forgotten FROM incarnation_fence"
                                            + " WHERE forgotten > 0 LIMIT 1",
                                    row -> row.getLong("life"))
                            .isEmpty());
        } catch (SQLException e) {
            throw Sql.unavailable(e);
        }
    }

    /**
     * What is known of an incarnation whose node is known.
     *
     * @param isToBeNoted whether it was last heard of so long ago that this showing must be written down
     */
    private record Known(Numbered answer, boolean isToBeNoted) {}

    private static @Nullable Known lookUp(Connection connection, Question question) throws SQLException {
        List<NodeRow> nodes = Sql.query(
                connection,
                "SELECT n.principal, n.life, n.heard_at, CURRENT_TIMESTAMP AS asked_at, i.life AS its_life FROM nodes n LEFT JOIN incarnations i"
                        + " ON i.node = n.node AND i.incarnation = ? WHERE n.node = ?",
                NodeRow::of,
                question.incarnation(),
                question.node().value());
        if (nodes.isEmpty()) {
            return null;
        }
        NodeRow row = nodes.getFirst();
        if (!row.principal().equals(question.principal())) {
            // Whoever asks for what is another's does not keep it there.
            return new Known(NodeLives.belongsToAnother(question.node()), false);
        }
        if (row.itsLife() == null) {
            return null;
        }
        return new Known(
                row.itsLife() == row.life()
                        ? new Numbered.Current(row.life(), false)
                        : NodeLives.superseded(question.node(), question.incarnation()),
                row.silence().compareTo(HEARD_EVERY) > 0);
    }

    private record NodeRow(
            String principal,
            long life,
            Duration silence,
            @Nullable Long itsLife) {
        static NodeRow of(ResultSet row) throws SQLException {
            return new NodeRow(
                    row.getString("principal"),
                    row.getLong("life"),
                    Duration.between(Sql.requireInstant(row, "heard_at"), Sql.requireInstant(row, "asked_at")),
                    Sql.getLong(row, "its_life"));
        }
    }

    private void answer(List<NaturalBatches.Pending<Question, Numbered>> batch) {
        try (Connection connection = durability.connect(dataSource)) {
            Dialect.of(connection).beginWriting(connection);
            try {
                long forgotten = lock(connection).forgotten();
                List<Numbered> answers = new ArrayList<>();
                for (NaturalBatches.Pending<Question, Numbered> each : batch) {
                    answers.add(number(connection, each.question(), forgotten));
                }
                durability.commit(connection);
                for (int i = 0; i < batch.size(); i++) {
                    batch.get(i).answer(answers.get(i));
                }
            } catch (SQLException | RuntimeException e) {
                Sql.rollbackQuietly(connection);
                throw e;
            }
        } catch (SQLException e) {
            // Even if it was committed: a repeat finds the number.
            batch.forEach(each -> each.fail(Sql.unavailable(e)));
        }
    }

    /** The row whose lock lets one transaction after another write to the table of nodes. */
    private record Fence(long forgotten, Instant now) {}

    private static Fence lock(Connection connection) throws SQLException {
        return Sql.query(
                        connection,
                        "SELECT forgotten, CURRENT_TIMESTAMP AS asked_at FROM incarnation_fence WHERE id = 1 FOR UPDATE",
                        row -> new Fence(row.getLong("forgotten"), Sql.requireInstant(row, "asked_at")))
                .getFirst();
    }

    private static Numbered number(Connection connection, Question question, long forgotten) throws SQLException {
        String node = question.node().value();
        Known known = lookUp(connection, question);
        if (known != null) {
            if (known.isToBeNoted()) {
                Sql.update(connection, "UPDATE nodes SET heard_at = CURRENT_TIMESTAMP WHERE node = ?", node);
            }
            return known.answer();
        }
        Long last = Sql.query(
                        connection, "SELECT life FROM nodes WHERE node = ?", row -> (Long) row.getLong("life"), node)
                .stream()
                .findFirst()
                .orElse(null);
        long life = (last == null ? forgotten : last) + 1;
        if (last == null) {
            Sql.update(
                    connection,
                    "INSERT INTO nodes (node, principal, life) VALUES (?, ?, ?)",
                    node,
                    question.principal(),
                    life);
        } else {
            Sql.update(
                    connection, "UPDATE nodes SET life = ?, heard_at = CURRENT_TIMESTAMP WHERE node = ?", life, node);
            Sql.update(
                    connection,
                    "DELETE FROM incarnations WHERE node = ? AND life <= ?",
                    node,
                    life - NodeLives.MOST_REMEMBERED);
        }
        Sql.update(
                connection,
                "INSERT INTO incarnations (node, incarnation, life) VALUES (?, ?, ?)",
                node,
                question.incarnation(),
                life);
        return new Numbered.Current(life, true);
    }

    @Override
    public void heard(Collection<Holder> nodes) {
        write(connection -> {
            lock(connection);
            Sql.batch(
                    connection,
                    "UPDATE nodes SET heard_at = CURRENT_TIMESTAMP WHERE node = ?",
                    nodes,
                    (statement, node) -> Sql.set(statement, node.value()));
            return nodes.size();
        });
    }

    /** The fence lets no life be numbered meanwhile, nor told of. */
    @Override
    public int forget(Duration silence, int most) {
        return write(connection -> {
            Fence fence = lock(connection);
            List<Silent> silent = Sql.query(
                    connection,
                    "SELECT node, life FROM nodes WHERE heard_at < ? ORDER BY heard_at FETCH FIRST " + most
                            + " ROWS ONLY",
                    row -> new Silent(row.getString("node"), row.getLong("life")),
                    fence.now().minus(silence));
            long highest = silent.stream().mapToLong(Silent::life).max().orElse(0);
            if (highest > fence.forgotten()) {
                Sql.update(connection, "UPDATE incarnation_fence SET forgotten = ? WHERE id = 1", highest);
            }
            for (String table : List.of("incarnations", "nodes")) {
                Sql.batch(
                        connection,
                        "DELETE FROM " + table + " WHERE node = ?",
                        silent,
                        (statement, each) -> Sql.set(statement, each.node()));
            }
            return silent.size();
        });
    }

    private record Silent(String node, long life) {}

    private interface Writing {
        int in(Connection connection) throws SQLException;
    }

    private int write(Writing writing) {
        try (Connection connection = durability.connect(dataSource)) {
            Dialect.of(connection).beginWriting(connection);
            try {
                int written = writing.in(connection);
                durability.commit(connection);
                return written;
            } catch (SQLException | RuntimeException e) {
                Sql.rollbackQuietly(connection);
                throw e;
            }
        } catch (SQLException e) {
            throw Sql.unavailable(e);
        }
    }

    @Override
    public void close() {
        runner.shutdown();
    }
}
