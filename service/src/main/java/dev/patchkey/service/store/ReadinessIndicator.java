package dev.patchkey.service.store;

import java.time.InstantSource;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;

/*
 * One rule for both stores: a pod is ready while what it reads from memory is current, which takes a store that answers.
 * On the store hazelcast a pod without a quorum is never current. A database that takes no changes leaves a pod ready: it
 * does so to all pods alike, reads are as good as ever, and a change is refused with the reason.
 *
 * Trouble shorter than Staleness.CURRENT_FOR does not show, which keeps a pod from coming and going with each lost packet.
 */
/** Whether this pod should be sent requests, and if not, why and since when. */
final class ReadinessIndicator implements HealthIndicator {

    private final ReferenceCounts counts;
    private final StoreHealth store;
    private final InstantSource clock;

    ReadinessIndicator(ReferenceCounts counts, StoreHealth store, InstantSource clock) {
        this.counts = counts;
        this.store = store;
        this.clock = clock;
    }

    @Override
    public Health health() {
        StoreHealth.Report report = store.report();
        Stale trouble = counts.stale();
        if (trouble == null) {
            trouble = lastingOutage(report);
        }
        Health.Builder health = trouble == null
                ? Health.up()
                : Health.outOfService().withDetail("reason", trouble.reason()).withDetail("since", trouble.since());
        health.withDetail("store", report.state());
        if (report.reason() != null) {
            health.withDetail("storeReason", report.reason()).withDetail("storeSince", report.since());
        }
        return health.build();
    }

    private @Nullable Stale lastingOutage(StoreHealth.Report report) {
        boolean lasting = report.state() == StoreHealth.State.UNREACHABLE
                && report.since().plus(Staleness.CURRENT_FOR).isBefore(clock.instant());
        return lasting ? new Stale(report.since(), String.valueOf(report.reason())) : null;
    }
}
