package dev.patchkey.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.systemtests.ServiceProcess.Answer;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** A node is killed with SIGKILL while it holds keys. */
class NodeKilledIT {

    private static final String KEY = "/v1/keys/" + NodeMain.SEED;
    private static final Duration LEASE = Duration.ofSeconds(8);

    @Test
    void itsHoldsEndAfterItsLeaseAndThoseOfALiveNodeDoNot() {
        try (ServiceProcess service = new ServiceProcess("--patchkey.channel.lease=" + LEASE).start();
                NodeProcess live = new NodeProcess(service.uri(), "live", 25).ready();
                NodeProcess dead = new NodeProcess(service.uri(), "dead", 17).ready()) {
            assertThat(live.ask("acquire " + NodeMain.SEED)).isEqualTo("held");
            assertThat(dead.ask("acquire " + NodeMain.SEED)).isEqualTo("held");
            assertThat(service.get(KEY).count()).isEqualTo(2);

            dead.kill();
            Answer atOnce = service.post("/v1/keys/" + NodeMain.FLIP + "/increment?await=applied&timeout=PT3S");
            assertThat(atOnce.status())
                    .as("S5: the dead node is a laggard until its lease ends: %s", atOnce)
                    .isEqualTo(202);
            assertThat(atOnce.body().path("propagation").path("laggards").findValuesAsText("node"))
                    .containsExactly("dead");

            Awaitility.await("S7: Leases end holds of the dead within lease + a bounded delay")
                    .atMost(LEASE.plusSeconds(20))
                    .untilAsserted(() -> assertThat(
                                    service.get(KEY).body().path("holds").findValuesAsText("holder"))
                            .containsExactly("live"));
            Answer after = service.get("/v1/keys/" + NodeMain.FLIP + "?await=applied&timeout=PT20S");
            assertThat(after.status()).as(after.toString()).isEqualTo(200);

            // Three more leases: a live node renews.
            Awaitility.await()
                    .pollDelay(LEASE.multipliedBy(3))
                    .atMost(LEASE.multipliedBy(5))
                    .until(() -> true);
            assertThat(service.get(KEY).body().path("holds").findValuesAsText("holder"))
                    .as("S7: and never those of a live node")
                    .containsExactly("live");
            assertThat(live.ask("live " + NodeMain.SEED)).isEqualTo("true");
        }
    }
}
