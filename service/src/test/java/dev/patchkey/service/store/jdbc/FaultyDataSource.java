package dev.patchkey.service.store.jdbc;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.SQLRecoverableException;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** A data source whose connections fail when they are told to, or rewrite what they are asked. */
final class FaultyDataSource {

    private static final int CONNECTIONS_AWAY = 3;

    /** What happens to the next commit. */
    enum Fault {
        NONE,
        /** It happens, and the answer is lost. */
        COMMITTED_AND_LOST,
        /** It does not happen. */
        NOT_COMMITTED,
        /** It happens, the answer is lost, and the database is away for a while. */
        COMMITTED_AND_GONE
    }

    private final DataSource real;
    private final AtomicReference<Fault> next = new AtomicReference<>(Fault.NONE);
    private final UnaryOperator<String> rewrite;

    private volatile boolean commitEach;

    private volatile boolean deaf;

    /** How many more connections are refused. */
    private final AtomicInteger away = new AtomicInteger();

    FaultyDataSource(DataSource real, UnaryOperator<String> rewrite) {
        this.real = real;
        this.rewrite = rewrite;
    }

    /** Refuses every connection from now on, or none. */
    void away(boolean gone) {
        away.set(gone ? Integer.MAX_VALUE : 0);
    }

    void failNextCommit(Fault fault) {
        next.set(fault);
    }

    /** Makes a store that has no transactions of its own. */
    void commitBeforeEachStatement(boolean commit) {
        commitEach = commit;
    }

    /** Makes a store that takes no warning. */
    void hearNoWarnings() {
        deaf = true;
    }

    DataSource dataSource() {
        return proxy(DataSource.class, (method, arguments) -> {
            if (method.getName().equals("isWrapperFor")) {
                // Nobody gets past the faults to what is behind them.
                return false;
            }
            if (!method.getName().equals("getConnection")) {
                return call(method, real, arguments);
            }
            if (away.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
                throw new SQLRecoverableException("The database is away");
            }
            return faulty((Connection) Objects.requireNonNull(call(method, real, arguments)));
        });
    }

    private Connection faulty(Connection connection) {
        return proxy(Connection.class, (method, arguments) -> {
            if (deaf && method.getName().equals("getWarnings")) {
                return null;
            }
            if (method.getName().equals("commit")) {
                commit(connection);
                return null;
            }
            if (method.getName().equals("prepareStatement")) {
                if (commitEach && !connection.getAutoCommit()) {
                    connection.commit();
                }
                String sql = rewrite.apply((String) arguments[0]);
                arguments[0] = sql;
                if (sql.endsWith("; COMMIT")) {
                    return committing((PreparedStatement) Objects.requireNonNull(call(method, connection, arguments)));
                }
            }
            return call(method, connection, arguments);
        });
    }

    /** A statement that ends with the commit of what it has written. */
    private PreparedStatement committing(PreparedStatement statement) {
        return proxy(PreparedStatement.class, (method, arguments) -> {
            if (deaf && method.getName().equals("getWarnings")) {
                return null;
            }
            if (!method.getName().equals("execute")) {
                return call(method, statement, arguments);
            }
            Fault fault = next.getAndSet(Fault.NONE);
            if (fault == Fault.NOT_COMMITTED) {
                throw new SQLRecoverableException("The connection broke before the commit");
            }
            boolean result = statement.execute();
            breakAfter(fault);
            return result;
        });
    }

    private void commit(Connection connection) throws SQLException {
        Fault fault = next.getAndSet(Fault.NONE);
        if (fault == Fault.NOT_COMMITTED) {
            connection.rollback();
            throw new SQLRecoverableException("The connection broke before the commit");
        }
        connection.commit();
        breakAfter(fault);
    }

    private void breakAfter(Fault fault) throws SQLException {
        if (fault == Fault.COMMITTED_AND_GONE) {
            away.set(CONNECTIONS_AWAY);
        }
        if (fault != Fault.NONE) {
            throw new SQLRecoverableException("The connection broke after the commit");
        }
    }

    private interface Handler {
        @Nullable Object handle(Method method, Object[] arguments) throws Throwable;
    }

    private static @Nullable Object call(Method method, Object target, Object[] arguments) throws Throwable {
        try {
            return method.invoke(target, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    private static <T> T proxy(Class<T> type, Handler handler) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(),
                new Class<?>[] {type},
                (self, method, arguments) -> handler.handle(method, arguments == null ? new Object[0] : arguments)));
    }
}
