package dev.patchkey.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.patchkey.statickey.StaticKey;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Keys are made in class initialisers, while the mirror applies to them: no deadlock, and what is prepared is there. */
class ClassInitialisersTest extends NodeTest {

    private static final int CHANGES = 100;
    private static final int SNAPSHOTS = 10;

    /** When a key's enable arrives. */
    enum Arrival {
        BEFORE_THE_INITIALISER,
        WHEN_THE_KEY_IS_MADE,
        APPLIED_WHEN_THE_KEY_IS_MADE,
        AT_ANY_TIME
    }

    @ParameterizedTest
    @EnumSource
    void aKeyThatIsEnabledWhileItsClassIsInitialisedIsPreparedAndEnabled(Arrival arrival) {
        Patchkey node = ready();
        for (int i = 0; i < CHANGES; i++) {
            String key = newKey("initialised").name();
            initialises(InitialisedLate.class, key, arrival, () -> fake.set(key, 1));
        }
        assertThat(node.status().unreboundKeys()).isZero();
    }

    @ParameterizedTest
    @EnumSource
    void aKeyWhoseFirstSnapshotComesWhileItsClassIsInitialisedIsPreparedAndEnabled(Arrival arrival) {
        for (int i = 0; i < SNAPSHOTS; i++) {
            String key = newKey("first-snapshot").name();
            fake.set(key, 1);
            Patchkey[] node = new Patchkey[1];
            initialises(InitialisedLate.class, key, arrival, () -> node[0] = start(options -> options));
            node[0].close();
        }
    }

    @Test
    void theTestCatchesAKeyThatIsSeenEnabledAndNotPrepared() {
        ready();
        String key = newKey("unprepared").name();
        assertThatThrownBy(() -> initialises(
                        PreparesTooLate.class, key, Arrival.APPLIED_WHEN_THE_KEY_IS_MADE, () -> fake.set(key, 1)))
                .hasMessageContaining("is seen enabled and not prepared");
    }

    @Test
    void anInitialiserThatWaitsForItsOwnPreparationHangsAndTheStatusNamesTheKey() {
        Patchkey node = ready();
        String key = newKey("hangs").name();
        DuringInitialisation.next(key, () -> {
            fake.set(key, 1);
            eventually(() -> key.equals(node.status().rebinding()));
        });
        Class<?> own = new ThrowawayLoader(RegistersTwice.class).own();
        CompletableFuture<?> initialised =
                inThread(() -> own.getDeclaredConstructor().newInstance());
        eventually(() -> key.equals(node.status().rebinding()));
        pause(A_MOMENT);
        assertThat(initialised).isNotDone();
        assertThat(node.status().phase()).isEqualTo(Status.Phase.READY);
    }

    private static void initialises(Class<?> type, String key, Arrival arrival, Runnable enable) {
        Class<?> own = new ThrowawayLoader(type).own();
        CompletableFuture<Boolean> enabling = new CompletableFuture<>();
        DuringInitialisation.next(key, () -> {
            if (arrival == Arrival.WHEN_THE_KEY_IS_MADE || arrival == Arrival.APPLIED_WHEN_THE_KEY_IS_MADE) {
                enable.run();
                enabling.complete(true);
            }
            if (arrival == Arrival.APPLIED_WHEN_THE_KEY_IS_MADE) {
                eventually(StaticKey.of(key)::isEnabled);
            }
        });
        if (arrival == Arrival.BEFORE_THE_INITIALISER) {
            enable.run();
            enabling.complete(true);
        }
        if (arrival == Arrival.AT_ANY_TIME) {
            var unused = inThread(() -> {
                        LockSupport.parkNanos(ThreadLocalRandom.current().nextLong(2_000_000));
                        enable.run();
                        return true;
                    })
                    .whenComplete((done, failure) -> enabling.complete(failure == null));
        }
        IntSupplier initialised =
                get(inThread(() -> (IntSupplier) own.getDeclaredConstructor().newInstance()));
        assertThat(get(enabling)).isTrue();
        eventually(() -> {
            int value = initialised.getAsInt();
            assertThat(value).as("%s is seen enabled and not prepared", key).isNotNegative();
            return value == 1;
        });
    }
}
