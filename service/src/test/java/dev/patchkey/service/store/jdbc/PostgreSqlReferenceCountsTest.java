package dev.patchkey.service.store.jdbc;

/** The same on PostgreSQL. */
class PostgreSqlReferenceCountsTest extends JdbcReferenceCountsTest {

    @Override
    TestDatabase.Kind kind() {
        return TestDatabase.Kind.POSTGRESQL;
    }
}
