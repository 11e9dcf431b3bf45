package dev.patchkey.systemtests.robustness.simulation;

import dev.patchkey.systemtests.robustness.history.Sighting;
import java.util.HashMap;
import java.util.Map;

/** A node of a {@link Simulation}: applies changes late and in order, is cut off and comes back, dies and lives again. */
final class SimulatedNode {

    private static final long STEP = 8 * Simulation.MILLI;

    private final String id;
    private final Simulation simulation;
    private final Map<SimulatedKey, Integer> applied = new HashMap<>();

    /** What was said to be applied everywhere, which a node that is live again has. */
    private final Map<SimulatedKey, Integer> claimed = new HashMap<>();

    private long since;
    private int run = 1;
    private boolean live = true;

    SimulatedNode(String id, Simulation simulation) {
        this.id = id;
        this.simulation = simulation;
    }

    String id() {
        return id;
    }

    boolean isLive() {
        return live;
    }

    void start() {
        simulation.within(STEP, this::step);
    }

    /** Whether what the answer claims is true of this node now. */
    boolean has(SimulatedKey key, int position) {
        return live && applied(key) >= position;
    }

    /** It has been said that the change is applied. */
    void claim(SimulatedKey key, int position) {
        claimed.merge(key, position, Math::max);
    }

    private int applied(SimulatedKey key) {
        return applied.getOrDefault(key, 0);
    }

    private void step() {
        look();
        switch (simulation.random().nextInt(20)) {
            case 0 -> {
                live = false;
                applied.clear();
                run++;
                simulation.within(5 * STEP, this::expire);
            }
            case 1 -> live = false;
            case 2, 3 -> hold();
            default -> live = true;
        }
        for (SimulatedKey key : simulation.keys()) {
            int least = Math.max(applied(key), live ? claimed.getOrDefault(key, 0) : 0);
            applied.put(key, least + simulation.random().nextInt(key.position() - least + 1));
        }
        since = simulation.now();
        if (!simulation.isOver()) {
            simulation.within(STEP, this::step);
        }
    }

    /** Writes down what it has seen since the last step. */
    private void look() {
        for (SimulatedKey key : simulation.keys()) {
            int position = applied(key);
            if (since > 0) {
                simulation.record(new Sighting(
                        id,
                        run,
                        key.name(),
                        key.version(position),
                        key.count(position),
                        !live,
                        live,
                        since,
                        simulation.now()));
            }
        }
    }

    private void hold() {
        SimulatedKey key = simulation.anyKey();
        if (!simulation.withLeases() || !live) {
            return;
        }
        if (!key.release(id)) {
            key.acquire(id);
        }
    }

    private void expire() {
        if (!live) {
            simulation.keys().forEach(key -> key.expire(id));
        }
    }

    /** Releases what a dead node holds: the service has noticed. */
    void settle() {
        if (!live) {
            simulation.keys().forEach(key -> key.expire(id));
        }
    }
}
