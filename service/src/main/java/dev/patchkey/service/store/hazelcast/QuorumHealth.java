package dev.patchkey.service.store.hazelcast;

import com.hazelcast.core.HazelcastInstance;
import dev.patchkey.service.store.StoreHealth;
import java.time.Instant;

/** The pods are the store themselves: it takes commands while enough of them are there, and always answers reads. */
final class QuorumHealth implements StoreHealth {
    private final Membership membership;

    /** Written under this object's lock; read by anyone. */
    private volatile Report report = new Report(State.AVAILABLE, Instant.now(), null);

    QuorumHealth(HazelcastInstance hazelcast, Membership membership) {
        this.membership = membership;
        Membership.onChange(hazelcast, this::look);
        look();
    }

    private synchronized void look() {
        String reason = membership.belowQuorum();
        State state = reason == null ? State.AVAILABLE : State.READ_ONLY;
        report = new Report(state, state == report.state() ? report.since() : Instant.now(), reason);
    }

    @Override
    public Report report() {
        return report;
    }
}
