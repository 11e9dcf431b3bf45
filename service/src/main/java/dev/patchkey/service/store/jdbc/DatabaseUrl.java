package dev.patchkey.service.store.jdbc;

import java.util.Arrays;
import java.util.Locale;

/**
 * What {@code spring.datasource.url} may be. An H2 is embedded, and so belongs to this process alone: what makes its commits
 * durable, what its reads wait for and what the pods know of each other rest on that.
 */
final class DatabaseUrl {

    private DatabaseUrl() {}

    /**
     * Looks at the settings before anybody uses the database.
     *
     * @param discovery what {@code patchkey.cluster.discovery} says
     * @throws IllegalArgumentException if there is no such database, or several pods would each have one of their own
     */
    static void check(String url, String discovery) {
        String lower = url.toLowerCase(Locale.ROOT);
        boolean embedded = lower.startsWith("jdbc:h2:file:") || lower.startsWith("jdbc:h2:mem:");
        if (!embedded && !lower.startsWith("jdbc:postgresql:")) {
            // Without its parameters, among which there may be a password.
            throw new IllegalArgumentException("spring.datasource.url must begin with jdbc:h2:file:, jdbc:h2:mem: or"
                    + " jdbc:postgresql:, and is " + (url.isBlank() ? "empty" : url.split("[;?]", 2)[0]));
        }
        if (embedded && isServed(lower)) {
            throw new IllegalArgumentException(
                    "spring.datasource.url must not have AUTO_SERVER=TRUE: an H2 file belongs"
                            + " to one process at a time");
        }
        if (embedded && !discovery.trim().equalsIgnoreCase("none")) {
            throw new IllegalArgumentException(
                    "patchkey.cluster.discovery must be none where spring.datasource.url is an"
                            + " H2, which belongs to one pod, and is " + discovery + ": for several pods give"
                            + " spring.datasource.url a PostgreSQL");
        }
    }

    /** Whether other processes may open the file by way of the first. */
    private static boolean isServed(String lower) {
        return Arrays.stream(lower.split(";", -1))
                .map(setting -> setting.split("=", 2))
                .anyMatch(setting -> setting.length == 2
                        && setting[0].trim().equals("auto_server")
                        && !setting[1].trim().equals("false"));
    }
}
