package dev.patchkey.service.store.jdbc;

import dev.patchkey.service.refcount.Holder;
import dev.patchkey.service.store.Incarnations;
import dev.patchkey.service.store.NaturalBatches;
import dev.patchkey.service.store.NodeLives;
import dev.patchkey.service.store.StoreUnavailableException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
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
            Numbered known = durability.read(dataSource, connection -> lookUp(connection, question));
            return known != null ? known : batches.submit(Lane.ONLY, question).join();
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
            Numbered known = durability.read(dataSource, connection -> lookUp(connection, question));
            return known != null ? known : NodeLives.unknown(node, incarnation);
        } catch (SQLException e) {
            throw new StoreUnavailableException("The incarnation could not be looked up: " + e.getMessage(), e);
        }
    }

    /** The table of nodes forgets none. */
    @Override
    public boolean mayHaveNumbered() {
        try {
            return durability.read(
                    dataSource,
                    connection -> !Sql.query(connection, "SELECT life FROM nodes LIMIT 1", row -> row.getLong("life"))
                            .isEmpty());
        } catch (SQLException e) {
            throw Sql.unavailable(e);
        }
    }

    private static @Nullable Numbered lookUp(Connection connection, Question question) throws SQLException {
        List<NodeRow> nodes = Sql.query(
                connection,
                "SELECT n.principal, n.life, i.life AS its_life FROM nodes n LEFT JOIN incarnations i"
                        + " ON i.node = n.node AND i.incarnation = ? WHERE n.node = ?",
                NodeRow::of,
                question.incarnation(),
                question.node().value());
        if (nodes.isEmpty()) {
            return null;
        }
        NodeRow row = nodes.getFirst();
        if (!row.principal().equals(question.principal())) {
            return NodeLives.belongsToAnother(question.node());
        }
        if (row.itsLife() == null) {
            return null;
        }
        return row.itsLife() == row.life()
                ? new Numbered.Current(row.life(), false)
                : NodeLives.superseded(question.node(), question.incarnation());
    }

    private record NodeRow(
            String principal, long life, @Nullable Long itsLife) {
        static NodeRow of(ResultSet row) throws SQLException {
            return new NodeRow(row.getString("principal"), row.getLong("life"), Sql.getLong(row, "its_life"));
        }
    }

    private void answer(List<NaturalBatches.Pending<Question, Numbered>> batch) {
        try (Connection connection = durability.connect(dataSource)) {
            Dialect.of(connection).beginWriting(connection);
            try {
                Sql.query(
                        connection,
                        "SELECT id FROM incarnation_fence WHERE id = 1 FOR UPDATE",
                        row -> row.getInt("id"));
                List<Numbered> answers = new java.util.ArrayList<>();
                for (NaturalBatches.Pending<Question, Numbered> each : batch) {
                    answers.add(number(connection, each.question()));
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

    private static Numbered number(Connection connection, Question question) throws SQLException {
        Numbered known = lookUp(connection, question);
        if (known != null) {
            return known;
        }
        String node = question.node().value();
        Long last = Sql.query(
                        connection, "SELECT life FROM nodes WHERE node = ?", row -> (Long) row.getLong("life"), node)
                .stream()
                .findFirst()
                .orElse(null);
        long life = last == null ? 1 : last + 1;
        if (last == null) {
            Sql.update(
                    connection,
                    "INSERT INTO nodes (node, principal, life) VALUES (?, ?, ?)",
                    node,
                    question.principal(),
                    life);
        } else {
            Sql.update(connection, "UPDATE nodes SET life = ? WHERE node = ?", life, node);
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
    public void close() {
        runner.shutdown();
    }
}
