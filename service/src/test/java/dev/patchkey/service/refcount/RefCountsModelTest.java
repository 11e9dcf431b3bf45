package dev.patchkey.service.refcount;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.patchkey.service.Invariant;
import dev.patchkey.service.refcount.RefCounts.Decision;
import dev.patchkey.service.refcount.RefCounts.Moment;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Runs random commands through the core beside a model that knows nothing but sets and numbers, and compares after each.
 * Beside the right core stand broken ones, which the same check must catch.
 */
class RefCountsModelTest {
    private static final int RUNS = 300;
    private static final int STEPS = 200;

    /** What is checked. */
    interface Core {
        Decision apply(KeyState state, Command command, Moment moment);
    }

    @Test
    @Invariant(
            number = "S6",
            text = "A count is never negative and never wraps; a refused command changes nothing and takes no revision")
    void theCoreAgreesWithTheModel() {
        check(RefCounts::apply);
    }

    @ParameterizedTest
    @EnumSource
    void theCheckCatches(Broken broken) {
        assertThatThrownBy(() -> check(broken)).isInstanceOf(AssertionError.class);
    }

    /** Cores with one rule missing. */
    enum Broken implements Core {
        FORGETS_THE_OVERFLOW {
            @Override
            public Decision apply(KeyState state, Command command, Moment moment) {
                Decision decision = RefCounts.apply(state, command, moment);
                if (decision.outcome() instanceof Outcome.Refused refused
                        && refused.refusal() == Refusal.COUNT_OVERFLOW
                        && command.action() instanceof Action.Increment increment) {
                    return changed(state, state.bare() + increment.by(), moment);
                }
                return decision;
            }
        },
        TAKES_HOLDS_AWAY_WITH_A_DECREMENT {
            @Override
            public Decision apply(KeyState state, Command command, Moment moment) {
                if (command.action() instanceof Action.Decrement decrement && decrement.by() <= state.count()) {
                    return changed(state, state.bare() - decrement.by(), moment);
                }
                return RefCounts.apply(state, command, moment);
            }
        },
        FORGETS_WHAT_HAS_ENDED {
            @Override
            public Decision apply(KeyState state, Command command, Moment moment) {
                KeyState amnesic = new KeyState(
                        state.key(),
                        state.bare(),
                        state.holds(),
                        Map.of(),
                        state.revision(),
                        state.last(),
                        state.deleted());
                Decision decision = RefCounts.apply(amnesic, command, moment);
                return decision.state().equals(amnesic) ? new Decision(state, decision.outcome()) : decision;
            }
        },
        EXPIRES_WHATEVER_THE_SESSION {
            @Override
            public Decision apply(KeyState state, Command command, Moment moment) {
                if (command.action() instanceof Action.Expire expire) {
                    Hold hold = state.holds().get(expire.holder());
                    if (hold != null && hold.node() != null) {
                        return RefCounts.apply(
                                state,
                                new Command(
                                        command.key(),
                                        new Action.Expire(
                                                expire.holder(), hold.node().session()),
                                        command.actor(),
                                        null,
                                        null),
                                moment);
                    }
                }
                return RefCounts.apply(state, command, moment);
            }
        },
        TAKES_A_REVISION_FOR_A_RENEWAL {
            @Override
            public Decision apply(KeyState state, Command command, Moment moment) {
                Decision decision = RefCounts.apply(state, command, moment);
                if (decision.outcome() instanceof Outcome.Done done
                        && !done.changed()
                        && command.action() instanceof Action.Acquire) {
                    return new Decision(
                            decision.state(),
                            new Outcome.Done(done.count(), new Version(moment.epoch(), moment.revision()), true));
                }
                return decision;
            }
        },
        STARTS_A_DELETED_KEY_ANEW {
            @Override
            public Decision apply(KeyState state, Command command, Moment moment) {
                Decision decision = RefCounts.apply(state, command, moment);
                return command.action() instanceof Action.Delete && decision.outcome() instanceof Outcome.Done
                        ? new Decision(KeyState.absent(state.key()), decision.outcome())
                        : decision;
            }
        };

        private static Decision changed(KeyState state, int bare, Moment moment) {
            KeyState after = new KeyState(
                    state.key(),
                    bare,
                    state.holds(),
                    state.ended(),
                    moment.revision(),
                    new LastChange("broken", moment.now(), null),
                    false);
            return new Decision(
                    after, new Outcome.Done(after.count(), new Version(moment.epoch(), moment.revision()), true));
        }
    }

    private static void check(Core core) {
        for (int run = 0; run < RUNS; run++) {
            new Run(core, run).go();
        }
    }

    /** One random history, and the model of it. */
    private static final class Run {
        private final Core core;
        private final int seed;
        private final Random random;
        private final Commands commands = Commands.on("k");
        private KeyState state = KeyState.absent(new KeyName("k"));
        private Instant now = Instant.parse("2026-11-22T12:00:00Z");
        private long next = 1;

        private long bare;
        private final Set<String> operators = new HashSet<>();
        private final Map<String, NodeStamp> nodes = new HashMap<>();
        private final Map<String, NodeStamp> last = new HashMap<>();
        private final Map<String, Instant> deadlines = new HashMap<>();
        private long revision;

        Run(Core core, int seed) {
            this.core = core;
            this.seed = seed;
            this.random = new Random(seed);
        }

        void go() {
            for (int step = 0; step < STEPS; step++) {
                now = now.plusSeconds(random.nextInt(5));
                Command command = command();
                KeyState before = state;
                Decision decision = core.apply(before, command, new Moment(now, 1, next));
                state = decision.state();
                Boolean expected = expected(command.action());
                String what = "seed " + seed + ", step " + step + ": " + command.action() + " on " + before + " gave "
                        + decision.outcome();
                if (decision.outcome() instanceof Outcome.Done done) {
                    assertThat(expected).as(what).isNotNull().isEqualTo(done.changed());
                    if (done.changed()) {
                        revision = next++;
                    }
                    assertThat(done.version()).as(what).isEqualTo(new Version(1, revision));
                    assertThat((long) done.count()).as(what).isEqualTo(count());
                } else {
                    assertThat(expected).as(what).isNull();
                    assertThat(state).as(what).isSameAs(before);
                }
                assertThat((long) state.count()).as(what).isEqualTo(count());
                assertThat(state.revision()).as(what).isEqualTo(revision);
            }
        }

        private long count() {
            return bare + operators.size() + nodes.size();
        }

        private Command command() {
            String operator = "op" + random.nextInt(2);
            String node = "node" + random.nextInt(2);
            NodeStamp stamp = new NodeStamp(1 + random.nextInt(2), 1 + random.nextInt(6), "s" + random.nextInt(2));
            return switch (random.nextInt(12)) {
                case 0, 1 -> commands.increment(1 + random.nextInt(3));
                case 2 -> commands.increment(Integer.MAX_VALUE - random.nextInt(4));
                case 3 -> commands.decrement(1 + random.nextInt(3));
                case 4 -> commands.decrement(Math.max(1, state.bare()));
                case 5 -> commands.acquire(operator, random.nextBoolean() ? Duration.ofSeconds(10) : null);
                case 6 -> commands.release(operator);
                case 7, 8 -> commands.acquire(node, stamp);
                case 9 -> commands.release(node, stamp);
                case 10 ->
                    random.nextBoolean() ? commands.expire(operator, null) : commands.expire(node, stamp.session());
                default -> commands.delete();
            };
        }

        /** Whether the command changes anything, or null if it is refused; moves the model. */
        private @Nullable Boolean expected(Action action) {
            return switch (action) {
                case Action.Increment increment -> {
                    if (count() + increment.by() > Integer.MAX_VALUE) {
                        yield null;
                    }
                    bare += increment.by();
                    deleted = false;
                    yield true;
                }
                case Action.Decrement decrement -> {
                    if (decrement.by() > bare) {
                        yield null;
                    }
                    bare -= decrement.by();
                    yield true;
                }
                case Action.Acquire acquire -> acquire(acquire);
                case Action.Release release -> release(release);
                case Action.Expire expire -> expire(expire);
                case Action.Delete delete -> {
                    if (revision == 0 || deleted || count() > 0) {
                        yield null;
                    }
                    deleted = true;
                    yield true;
                }
            };
        }

        private boolean deleted;

        private @Nullable Boolean acquire(Action.Acquire acquire) {
            String holder = acquire.holder().value();
            NodeStamp stamp = acquire.node();
            if (stamp == null) {
                if (operators.contains(holder)) {
                    deadline(holder, acquire);
                    return false;
                }
                if (count() == Integer.MAX_VALUE) {
                    return null;
                }
                operators.add(holder);
                deadline(holder, acquire);
                deleted = false;
                return true;
            }
            NodeStamp decided = last.get(holder);
            boolean held = nodes.containsKey(holder);
            if (decided != null && (stamp.isOlderThan(decided) || (!held && !decided.isOlderThan(stamp)))) {
                return null;
            }
            if (!held && count() == Integer.MAX_VALUE) {
                return null;
            }
            nodes.put(holder, stamp);
            last.put(holder, stamp);
            deleted &= held;
            return !held;
        }

        private void deadline(String holder, Action.Acquire acquire) {
            if (acquire.lease() == null) {
                deadlines.remove(holder);
            } else {
                deadlines.put(holder, now.plus(acquire.lease()));
            }
        }

        private @Nullable Boolean release(Action.Release release) {
            String holder = release.holder().value();
            NodeStamp stamp = release.node();
            if (stamp == null) {
                return operators.remove(holder);
            }
            NodeStamp decided = last.get(holder);
            if (decided != null && stamp.isOlderThan(decided)) {
                return null;
            }
            last.put(holder, stamp);
            return nodes.remove(holder) != null;
        }

        private boolean expire(Action.Expire expire) {
            String holder = expire.holder().value();
            if (expire.session() != null) {
                NodeStamp stamp = nodes.get(holder);
                return stamp != null && stamp.session().equals(expire.session()) && nodes.remove(holder) != null;
            }
            Instant deadline = deadlines.get(holder);
            return deadline != null && operators.contains(holder) && !deadline.isAfter(now) && operators.remove(holder);
        }
    }
}
