package dev.patchkey.service.web;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.service.logging.Tally;
import dev.patchkey.service.security.Refusals;
import dev.patchkey.service.store.OutcomeUnknownException;
import dev.patchkey.service.store.StoreUnavailableException;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** What the log says of requests that fail for the store's sake: little, however many there are. */
@ExtendWith(OutputCaptureExtension.class)
class ProblemsTest {

    private final AtomicLong now = new AtomicLong();
    private final Problems problems = new Problems(new Refusals(new SimpleMeterRegistry()), now::get);

    private static List<String> lines(CapturedOutput output, String words) {
        return output.getAll().lines().filter(line -> line.contains(words)).toList();
    }

    @Test
    void aStoreThatIsAwayIsSaidOnceAMinuteWithHowManyWereRefusedAndNoStack(CapturedOutput output) {
        StoreUnavailableException away =
                new StoreUnavailableException("no commit", new IOException("connection refused"));
        for (int i = 0; i < 1000; i++) {
            assertThat(problems.unavailable(away).getStatusCode().value()).isEqualTo(503);
        }
        now.addAndGet(Tally.BETWEEN_LINES.toNanos());
        problems.unavailable(away);
        List<String> lines = lines(output, "store is unavailable");
        assertThat(lines).hasSize(2);
        assertThat(lines.getFirst())
                .endsWith("said: 1, the latest for: no commit: java.io.IOException: connection refused");
        assertThat(lines.getLast()).contains("said: 1000,");
        assertThat(output.getAll()).doesNotContain("\tat ");
    }

    @Test
    void outcomesThatAreUnknownAreSaidAsSeldomWithTheStackOfTheLatest(CapturedOutput output) {
        OutcomeUnknownException unknown = new OutcomeUnknownException("no answer", new IOException("cut"));
        problems.unavailable(new StoreUnavailableException("no commit"));
        for (int i = 0; i < 1000; i++) {
            assertThat(problems.unknown(unknown).getStatusCode().value()).isEqualTo(504);
        }
        assertThat(lines(output, "outcome is unknown, since this was last said: 1, the latest for: no answer"))
                .hasSize(1);
        assertThat(lines(output, "outcome is unknown")).hasSize(1);
        assertThat(output.getAll()).containsOnlyOnce("Caused by: java.io.IOException: cut");
    }
}
