package dev.patchkey.systemtests.robustness.cluster;

import java.io.File;
import java.nio.file.Path;
import java.util.List;

/** A real PostgreSQL server, with its disk writes forced. */
public final class Database extends Server {

    private final Path directory;
    private final Path java;

    /** @param java that runs it */
    public Database(Host host, Path directory, Path java) {
        super(host, new File(directory.toFile(), "database.log"));
        this.directory = directory;
        this.java = java;
    }

    @Override
    List<String> command() {
        return List.of(
                java.toString(),
                "-Xmx64m",
                "-cp",
                System.getProperty("java.class.path"),
                Postgres.class.getName(),
                directory.resolve("data").toString(),
                directory.resolve("pg_hba.conf").toString());
    }

    /** A recovery that takes too long ends its program, and it is begun anew. */
    @Override
    boolean mayEnd() {
        return true;
    }

    /** The URL of its one database. */
    public String url() {
        return "jdbc:postgresql://" + host().address() + ":" + Postgres.PORT + "/postgres";
    }
}
