package dev.patchkey.systemtests.robustness;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.systemtests.robustness.cluster.Cluster;
import dev.patchkey.systemtests.robustness.cluster.Image;
import dev.patchkey.systemtests.robustness.cluster.Store;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Plays the seeds that {@code robustness.seeds} and {@code robustness.hazelcast.seeds} name, such as {@code 1-50},
 * {@code 17} or {@code none}, which may not be both of them, and prints what came of them. A seed that failed is played
 * again by its number: what its callers ask for and what is done to the cluster are the same, their timing is nearly so.
 */
class RobustnessIT {

    private static final String JDBC_SEEDS = "robustness.seeds";
    private static final String HAZELCAST_SEEDS = "robustness.hazelcast.seeds";
    private static final String NONE = "none";

    private static final Path DIRECTORY =
            Path.of(System.getProperty("work.directory"), "robustness").toAbsolutePath();

    private static @Nullable Image image;

    @BeforeAll
    static void thereAreSeedsAndTheMachineHasWhatItTakes() {
        assertThat(List.of(seeds(JDBC_SEEDS), seeds(HAZELCAST_SEEDS)))
                .as("the seeds of %s and of %s", JDBC_SEEDS, HAZELCAST_SEEDS)
                .anySatisfy(seeds -> assertThat(seeds).isNotEmpty());
        assertThat(Cluster.missing())
                .as("what the suite needs and this machine lacks; as root: apt-get install iproute2 iptables faketime")
                .isEmpty();
        Path jar = Path.of(System.getProperty("service.jar")).toAbsolutePath();
        image = new Image(jar, java(25), DIRECTORY.resolve("image"));
    }

    @Test
    void threePodsOverOneDatabaseKeepTheirPromisesWhateverFails() throws Exception {
        play(Store.JDBC, seeds(JDBC_SEEDS));
    }

    @Test
    void threePodsWithoutADatabaseKeepTheirPromisesWhenOneOfThemFails() throws Exception {
        play(Store.HAZELCAST, seeds(HAZELCAST_SEEDS));
    }

    private static void play(Store store, List<Long> seeds) throws Exception {
        Path directory = DIRECTORY.resolve(store.toString());
        Duration length = Duration.ofSeconds(Long.getLong("robustness.seconds"));
        List<Run.Result> results = new ArrayList<>();
        while (results.size() < seeds.size()) { // ends: each turn plays one at least
            List<Long> left = seeds.subList(results.size(), seeds.size());
            try (Cluster cluster = cluster(store, directory.resolve("run-" + left.get(0)))) {
                boolean whole = true;
                for (int i = 0; i < left.size() && whole; i++) {
                    Run.Result result = new Run(cluster, left.get(i), System.currentTimeMillis()).play(length);
                    results.add(result);
                    write(directory, result);
                    Files.writeString(directory.resolve("summary.md"), Summary.of(store, results));
                    System.out.println(Summary.line(result));
                    // What a run has left that did not come to its end is not for the next one.
                    whole = result.isWhole();
                }
            }
        }
        if (!results.isEmpty()) {
            System.out.println(Summary.of(store, results));
        }
        assertThat(results)
                .allSatisfy(result -> assertThat(result.violations())
                        .as("seed %d; its history is in %s", result.seed(), directory)
                        .isEmpty());
    }

    private static Cluster cluster(Store store, Path directory) {
        return new Cluster(store, requireNonNull(image), directory, java(17), java(25));
    }

    private static Path java(int version) {
        return Path.of(System.getProperty("jdk" + version + ".home"), "bin", "java");
    }

    private static List<Long> seeds(String property) {
        String text = System.getProperty(property);
        if (text.equals(NONE)) {
            return List.of();
        }
        String[] ends = text.split("-", -1);
        List<Long> seeds = LongStream.rangeClosed(Long.parseLong(ends[0]), Long.parseLong(ends[ends.length - 1]))
                .boxed()
                .toList();
        assertThat(seeds).as("the seeds %s of %s", text, property).isNotEmpty();
        return seeds;
    }

    /** The whole history, for whoever looks into a failure. */
    private static void write(Path directory, Run.Result result) throws IOException {
        List<String> lines = new ArrayList<>();
        result.violations().forEach(violation -> lines.add("VIOLATION " + violation));
        lines.add(result.plan());
        result.history().calls().forEach(call -> lines.add(call.toString()));
        result.history().rows().forEach(row -> lines.add(row.toString()));
        result.history().finales().forEach(finale -> lines.add(finale.toString()));
        result.history().sightings().forEach(sighting -> lines.add(sighting.toString()));
        Files.write(directory.resolve("seed-" + result.seed() + ".txt"), lines);
    }
}
