package dev.patchkey.systemtests.robustness.simulation;

import static dev.patchkey.systemtests.robustness.simulation.Simulation.MILLI;

import dev.patchkey.systemtests.robustness.history.Answer;
import dev.patchkey.systemtests.robustness.history.Answer.Propagation;
import dev.patchkey.systemtests.robustness.history.Call;
import dev.patchkey.systemtests.robustness.history.Operation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A caller of a {@link Simulation}: one call after the other. An answer may be long on its way, or lost; what is asked for
 * may be decided long after the caller gave up, or never, or be lost on its first way and asked for again.
 */
final class SimulatedCaller {

    private static final long WAY = 3 * MILLI;

    /** How much later than its caller gives up a call may be decided. */
    private static final long LATE = 40 * MILLI;

    private static final long SHORTEST_LEASE = 20 * MILLI;

    private final String name;
    private final Simulation simulation;
    private final List<Operation.Acquire> holds = new ArrayList<>();
    private int number;

    SimulatedCaller(String name, Simulation simulation) {
        this.name = name;
        this.simulation = simulation;
    }

    void start() {
        simulation.within(WAY, this::next);
    }

    private void again() {
        if (!simulation.isOver()) {
            simulation.within(WAY, this::next);
        }
    }

    private int dice(int sides) {
        return simulation.random().nextInt(sides);
    }

    private void next() {
        SimulatedKey key = simulation.anyKey();
        String id = name + "-" + number++;
        switch (dice(10)) {
            case 0, 1 -> change(key, new Operation.Increment(key.name(), 1 + dice(2)), id);
            case 2, 3 -> change(key, new Operation.Decrement(key.name(), 1 + dice(2)), id);
            case 4 -> acquire(key, new Operation.Acquire(key.name(), id, lease()), id);
            case 5 -> renew(id);
            case 6 -> release(id);
            case 7, 8 -> readStrongly(key, id);
            default -> readWeakly(key, id);
        }
    }

    private @Nullable Duration lease() {
        return simulation.withLeases() && dice(3) > 0
                ? Duration.ofNanos(SHORTEST_LEASE + (long) (simulation.random().nextDouble() * LATE))
                : null;
    }

    private SimulatedKey key(Operation operation) {
        return simulation.keys().stream()
                .filter(key -> key.name().equals(operation.key()))
                .findAny()
                .orElseThrow();
    }

    private void acquire(SimulatedKey key, Operation.Acquire acquire, String id) {
        holds.add(acquire);
        change(key, acquire, id);
    }

    private void renew(String id) {
        if (holds.isEmpty()) {
            again();
            return;
        }
        Operation.Acquire hold = holds.get(dice(holds.size()));
        Duration lease = dice(4) == 0 ? lease() : hold.lease();
        change(key(hold), new Operation.Acquire(hold.key(), hold.holder(), lease), id);
    }

    private void release(String id) {
        if (holds.isEmpty()) {
            again();
            return;
        }
        Operation.Acquire hold = holds.remove(dice(holds.size()));
        Operation.Release release = new Operation.Release(hold.key(), hold.holder());
        if (dice(5) == 0) {
            releaseBlindly(key(hold), release, id);
        } else {
            change(key(hold), release, id);
        }
    }

    /** The first attempt's answer is lost, or the attempt itself. */
    private void releaseBlindly(SimulatedKey key, Operation.Release release, String id) {
        long begin = simulation.now();
        if (dice(2) == 0) {
            simulation.within(WAY, () -> key.decide(release, id, simulation.now()));
        }
        simulation.at(
                begin + 2 * WAY,
                () -> simulation.within(WAY, () -> answer(key, release, id, begin, true, decide(key, release, id))));
    }

    private void change(SimulatedKey key, Operation operation, String id) {
        long begin = simulation.now();
        int fate = dice(20);
        if (fate < 2) {
            simulation.within(WAY + LATE, () -> decide(key, operation, id));
        }
        if (fate < 4) {
            simulation.within(2 * WAY, () -> end(operation, id, begin, false, new Answer.Unknown()));
        } else if (fate < 5) {
            simulation.within(WAY, () -> end(operation, id, begin, false, new Answer.NotDone()));
        } else {
            long way = fate < 7 ? 5 * WAY : WAY;
            simulation.within(way, () -> answer(key, operation, id, begin, false, decide(key, operation, id)));
        }
    }

    private Answer decide(SimulatedKey key, Operation operation, String id) {
        Answer answer = key.decide(operation, id, simulation.now());
        if (operation instanceof Operation.Acquire acquire && acquire.lease() != null) {
            String holder = acquire.holder();
            simulation.at(
                    simulation.now() + acquire.lease().toNanos(),
                    () -> simulation.within(2 * WAY, () -> key.expire(holder, simulation.now())));
        }
        return answer;
    }

    private void readStrongly(SimulatedKey key, String id) {
        long begin = simulation.now();
        Operation read = new Operation.Read(key.name(), true);
        simulation.within(WAY, () -> answer(key, read, id, begin, false, key.decide(read, id, simulation.now())));
    }

    private void readWeakly(SimulatedKey key, String id) {
        long begin = simulation.now();
        boolean stale = dice(4) == 0;
        int least = stale ? 0 : simulation.acknowledged(key);
        Operation read = new Operation.Read(key.name(), false);
        simulation.within(WAY, () -> {
            Answer.Done seen = key.answer(false, least + dice(key.position() - least + 1));
            end(read, id, begin, false, stale ? new Answer.Stale(seen.count(), seen.version()) : seen);
        });
    }

    /** Takes an answer, some time after it was given, with what can be claimed of the nodes by then. */
    private void answer(SimulatedKey key, Operation operation, String id, long begin, boolean blind, Answer answer) {
        int position = key.position();
        simulation.within(WAY, () -> {
            if (!(answer instanceof Answer.Done done)) {
                end(operation, id, begin, blind, answer);
                return;
            }
            if (done.changed()) {
                simulation.acknowledge(key, position);
            }
            end(operation, id, begin, blind, claiming(key, position, done));
        });
    }

    private Answer claiming(SimulatedKey key, int position, Answer.Done done) {
        Set<String> expired = simulation.nodes().stream()
                .filter(node -> !node.isLive())
                .map(SimulatedNode::id)
                .collect(Collectors.toSet());
        boolean applied =
                simulation.nodes().stream().allMatch(node -> expired.contains(node.id()) || node.has(key, position));
        if (applied) {
            simulation.nodes().forEach(node -> node.claim(key, position));
        }
        return new Answer.Done(done.count(), done.changed(), done.version(), new Propagation(applied, expired));
    }

    private void end(Operation operation, String id, long begin, boolean blind, Answer answer) {
        simulation.record(new Call(id, operation, begin, simulation.now(), blind, answer));
        again();
    }
}
