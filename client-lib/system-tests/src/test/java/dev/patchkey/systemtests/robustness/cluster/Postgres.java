package dev.patchkey.systemtests.robustness.cluster;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;

/**
 * The program of the {@link Database}: a PostgreSQL server over a directory that outlives it. SIGTERM stops the server
 * fast: it ends its sessions and what they have not committed.
 */
final class Postgres {

    static final int PORT = 5432;

    /** Recovery after a kill takes seconds, and a busy machine makes them many. */
    private static final Duration STARTUP = Duration.ofMinutes(2);

    private Postgres() {}

    public static void main(String[] args) throws IOException, InterruptedException {
        Path data = Path.of(args[0]);
        Path access = Path.of(args[1]);
        Files.write(
                access,
                List.of("local all all trust", "host all all 0.0.0.0/0 trust"),
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING);
        // The library wants neither of the first three; here it is the durability that counts.
        EmbeddedPostgres.builder()
                .setDataDirectory(data)
                .setCleanDataDirectory(false)
                .setPort(PORT)
                .setPGStartupWait(STARTUP)
                .setServerConfig("fsync", "on")
                .setServerConfig("full_page_writes", "on")
                .setServerConfig("synchronous_commit", "on")
                .setServerConfig("listen_addresses", "*")
                // Those of another run would be in the same directory: a network namespace does not keep them apart.
                .setServerConfig("unix_socket_directories", "")
                .setServerConfig("hba_file", access.toString())
                .start();
        System.out.println("started");
        Thread.sleep(Long.MAX_VALUE);
    }
}
