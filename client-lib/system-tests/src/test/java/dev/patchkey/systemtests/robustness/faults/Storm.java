package dev.patchkey.systemtests.robustness.faults;

import dev.patchkey.systemtests.robustness.cluster.Cluster;
import dev.patchkey.systemtests.robustness.cluster.Store;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Does what a plan says, step by step. After each all is healed, and what has ended is started again. */
public final class Storm {

    private final Cluster cluster;
    private final Plan plan;
    private final List<String> kinds = new ArrayList<>();

    public Storm(Cluster cluster, Plan plan) {
        this.cluster = cluster;
        this.plan = plan;
    }

    public void rage() throws InterruptedException {
        for (Step step : plan.steps()) {
            TimeUnit.MILLISECONDS.sleep(step.calmMillis());
            for (Fault fault : step.faults()) {
                if (fault.inject().getAsBoolean()) {
                    kinds.add(fault.kind());
                }
            }
            TimeUnit.MILLISECONDS.sleep(step.millis());
            step.faults().forEach(fault -> fault.heal().run());
            cluster.revive();
            if (cluster.store() == Store.HAZELCAST) {
                // It bears the next loss when it has made up for this one.
                cluster.awaitReady();
            }
        }
    }

    /** The kinds of what was done, in order. */
    public List<String> kinds() {
        return kinds;
    }
}
