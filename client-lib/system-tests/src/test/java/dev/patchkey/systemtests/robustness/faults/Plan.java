package dev.patchkey.systemtests.robustness.faults;

import dev.patchkey.systemtests.robustness.cluster.Cluster;
import dev.patchkey.systemtests.robustness.cluster.Store;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** All that will be done to a cluster in a run. The same seed draws the same plan. */
public final class Plan {

    private static final int SHORTEST_CALM_MILLIS = 300;
    private static final int LONGEST_CALM_MILLIS = 2500;

    private static final int SHORTEST_MILLIS = 500;
    private static final int SHORT_MILLIS = 3500;

    /** Past the lease of a node, and past the time after which a silent member is given up. */
    private static final int MEDIUM_MILLIS = 14_000;

    /** Past every timeout of the service. */
    private static final int LONGEST_MILLIS = 30_000;

    private final List<Step> steps = new ArrayList<>();

    private Plan() {}

    /** Draws steps until they fill that time. */
    public static Plan draw(Cluster cluster, long seed, Duration length) {
        Random random = new Random(seed);
        Faults faults = new Faults(cluster, random);
        Plan plan = new Plan();
        long millis = 0;
        while (millis < length.toMillis()) {
            Step step = step(cluster, random, faults);
            plan.steps.add(step);
            millis += step.calmMillis() + step.millis();
        }
        return plan;
    }

    private static Step step(Cluster cluster, Random random, Faults faults) {
        int calm = random.nextInt(SHORTEST_CALM_MILLIS, LONGEST_CALM_MILLIS);
        int length = length(random);
        if (cluster.store() == Store.HAZELCAST) {
            return step(calm, List.of(faults.ofOnePod(length)), length);
        }
        int atOnce = 1 + random.nextInt(6) / 3 + random.nextInt(6) / 5;
        List<Fault> drawn =
                Stream.generate(() -> faults.any(length)).limit(atOnce).toList();
        return step(calm, drawn, length);
    }

    private static Step step(int calm, List<Fault> drawn, int length) {
        return new Step(calm, Faults.inOrder(drawn), Faults.millis(drawn, length));
    }

    private static int length(Random random) {
        return switch (random.nextInt(10)) {
            case 0, 1, 2, 3, 4, 5 -> random.nextInt(SHORTEST_MILLIS, SHORT_MILLIS);
            case 6, 7, 8 -> random.nextInt(SHORT_MILLIS, MEDIUM_MILLIS);
            default -> random.nextInt(Faults.LONG_PAUSE_MILLIS, LONGEST_MILLIS);
        };
    }

    List<Step> steps() {
        return steps;
    }

    @Override
    public String toString() {
        return steps.stream().map(Step::toString).collect(Collectors.joining("\n"));
    }
}
