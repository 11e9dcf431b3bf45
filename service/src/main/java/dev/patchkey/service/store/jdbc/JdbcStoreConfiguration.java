package dev.patchkey.service.store.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import dev.patchkey.service.store.Authority;
import dev.patchkey.service.store.CommitterRoute;
import dev.patchkey.service.store.CountsMap;
import dev.patchkey.service.store.PodRegistry;
import dev.patchkey.service.store.StoreHealth;
import dev.patchkey.service.store.StoreMetrics;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.sql.SQLException;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.flyway.autoconfigure.FlywayConfigurationCustomizer;
import org.springframework.boot.sql.init.dependency.DependsOnDatabaseInitialization;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Primary;
import org.springframework.core.env.Environment;

/** The store behind which a database stands: the default. */
@Configuration(proxyBeanMethods = false)
@ConditionalOnProperty(name = "patchkey.store", havingValue = "jdbc", matchIfMissing = true)
@EnableConfigurationProperties({EpochProperties.class, HistoryProperties.class})
class JdbcStoreConfiguration {
    private static final Logger log = LoggerFactory.getLogger(JdbcStoreConfiguration.class);

    /** Looks at the URL before anybody uses it: without one Boot would take a database in memory. */
    @Bean
    static BeanFactoryPostProcessor databaseUrl(Environment environment) {
        return beans -> DatabaseUrl.check(
                environment.getProperty("spring.datasource.url", ""),
                environment.getProperty("patchkey.cluster.discovery", "none"));
    }

    /** Sets the sessions of the pool up, before anybody uses it. */
    @Bean
    static BeanPostProcessor sessions() {
        return new BeanPostProcessor() {
            @Override
            public Object postProcessAfterInitialization(Object bean, String name) {
                if (bean instanceof HikariDataSource pool && PostgreSqlSession.isFor(pool)) {
                    PostgreSqlSession.setUp(pool);
                }
                return bean;
            }
        };
    }

    @Bean
    FlywayConfigurationCustomizer migrations() {
        return flyway -> {
            try {
                Schema.configure(flyway);
            } catch (SQLException e) {
                throw new IllegalStateException("The database could not be asked what it is", e);
            }
        };
    }

    @Bean
    @DependsOnDatabaseInitialization
    Durability durability(DataSource dataSource) throws SQLException {
        return Durability.of(dataSource);
    }

    /** Known before this pod meets others, which may be over another one. */
    @Bean
    @DependsOnDatabaseInitialization
    Authority authority(DataSource dataSource, Durability durability) throws SQLException {
        return new Authority("jdbc", durability.read(dataSource, Schema::identity));
    }

    @Bean(destroyMethod = "close")
    @DependsOnDatabaseInitialization
    JdbcReferenceCounts referenceCounts(
            DataSource dataSource,
            Durability durability,
            CountsMap map,
            CommitterRoute route,
            HistoryProperties history,
            EpochProperties epoch,
            StoreMetrics metrics)
            throws SQLException {
        if (epoch.beginNew()) {
            NewEpoch.begin(dataSource, durability);
        }
        JdbcReferenceCounts counts = new JdbcReferenceCounts(
                dataSource, durability, map, route, new Retention(history.changes(), history.keep()), metrics);
        counts.start();
        log.info("Reference counts are kept in the database: {}", counts.describe());
        return counts;
    }

    @Bean
    StoreHealth storeHealth(JdbcReferenceCounts counts) {
        return counts.health();
    }

    /** Conflicts grow by one or two when the committer moves, and go on growing while two commit at once. */
    @Bean
    MeterBinder committerMetrics(JdbcReferenceCounts counts) {
        return registry -> {
            FunctionCounter.builder("patchkey.store.fence.conflicts", counts, JdbcReferenceCounts::fenceConflicts)
                    .description("Batches that found the head moved by another committer since this pod's own last one")
                    .register(registry);
            FunctionCounter.builder("patchkey.store.fates.in.doubt", counts, JdbcReferenceCounts::fatesInDoubt)
                    .description("Commits that failed and may have happened all the same, and were looked up")
                    .register(registry);
            Gauge.builder("patchkey.store.committer", counts, each -> each.isCommitter() ? 1 : 0)
                    .description("Whether this pod is the one that commits")
                    .register(registry);
        };
    }

    /** An embedded database belongs to this process, whose start proves every earlier one dead: memory is enough. */
    @Bean
    @Primary
    @DependsOnDatabaseInitialization
    PodRegistry podRegistry(
            DataSource dataSource, Durability durability, @Qualifier("podsInMemory") PodRegistry inMemory) {
        return durability.isEmbedded() ? inMemory : new JdbcPodRegistry(dataSource, durability);
    }

    @Bean(destroyMethod = "close")
    @DependsOnDatabaseInitialization
    JdbcIncarnations incarnations(DataSource dataSource, Durability durability) {
        return new JdbcIncarnations(dataSource, durability);
    }
}
