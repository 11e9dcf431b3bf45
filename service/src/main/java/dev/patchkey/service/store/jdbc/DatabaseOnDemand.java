package dev.patchkey.service.store.jdbc;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.autoconfigure.AutoConfigurationImportFilter;
import org.springframework.boot.autoconfigure.AutoConfigurationMetadata;
import org.springframework.context.EnvironmentAware;
import org.springframework.core.env.Environment;

/** Leaves Spring Boot's data source and migrations out where the store needs no database. */
class DatabaseOnDemand implements AutoConfigurationImportFilter, EnvironmentAware {

    private boolean wanted = true;

    @Override
    public void setEnvironment(Environment environment) {
        wanted = !environment.getProperty("patchkey.store", "jdbc").equals("hazelcast");
    }

    @Override
    public boolean[] match(@Nullable String[] classes, AutoConfigurationMetadata metadata) {
        boolean[] matches = new boolean[classes.length];
        for (int i = 0; i < classes.length; i++) {
            String name = classes[i];
            matches[i] = wanted || name == null || !isOfDatabase(name);
        }
        return matches;
    }

    private static boolean isOfDatabase(String name) {
        return name.startsWith("org.springframework.boot.jdbc.") || name.startsWith("org.springframework.boot.flyway.");
    }
}
