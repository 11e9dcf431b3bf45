package dev.patchkey.service.logging;

import static dev.patchkey.service.refcount.Commands.on;
import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.service.refcount.Action;
import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.Commands;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.NodeStamp;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.refcount.Version;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class EdgeLogTest {

    private final EcsLines lines = EcsLines.ofEdges();
    private final AtomicLong clock = new AtomicLong();
    private final EdgeLog log = new EdgeLog(clock::get);

    @AfterEach
    void close() {
        lines.close();
    }

    private static Outcome.Done done(int count) {
        return new Outcome.Done(count, new Version(2, 41), true);
    }

    private void sayTimes(int times) {
        for (int i = 0; i < times; i++) {
            log.crossed(on("a").increment(1), done(1));
        }
    }

    @Test
    void aLineHasItsKeyRevisionAndActorInFieldsAndInItsText() {
        log.crossed(on("checkout.trace").increment(3), done(3));
        assertThat(lines.all()).hasSize(1);
        JsonNode line = lines.all().getFirst();
        assertThat(line.at("/message").asString(""))
                .isEqualTo("Key checkout.trace is enabled by tester, at revision 41");
        assertThat(line.at("/log/level").asString("")).isEqualTo("INFO");
        assertThat(line.at("/ecs/version").asString("")).isNotEmpty();
        assertThat(line.at("/service/name").asString("")).isEqualTo("patchkey");
        JsonNode fields = line.path("patchkey");
        assertThat(fields.path("key").asString("")).isEqualTo("checkout.trace");
        assertThat(fields.path("enabled").asBoolean()).isTrue();
        assertThat(fields.path("count").asInt()).isEqualTo(3);
        assertThat(fields.path("epoch").asLong()).isEqualTo(2);
        assertThat(fields.path("revision").asLong()).isEqualTo(41);
        assertThat(fields.path("actor").asString("")).isEqualTo("tester");
        assertThat(fields.has("node") || fields.has("holder")).isFalse();
    }

    @Test
    void aHoldIsANodesOrAnOperators() {
        Commands key = on("a");
        log.crossed(key.acquire("shop:n1", new NodeStamp(1, 1, "session")), done(1));
        log.crossed(key.release("shop:n1", new NodeStamp(1, 2, "session")), done(0));
        log.crossed(key.expire("shop:n1", "session"), done(0));
        assertThat(lines.of("a"))
                .hasSize(3)
                .allMatch(line -> line.at("/patchkey/node").asString("").equals("shop:n1"))
                .noneMatch(line -> line.path("patchkey").has("holder"));
        log.crossed(on("b").release("alice"), done(0));
        assertThat(lines.of("b").getFirst().at("/patchkey/holder").asString("")).isEqualTo("alice");
        assertThat(lines.of("b").getFirst().at("/message").asString(""))
                .isEqualTo("Key b is disabled by tester, at revision 41");
    }

    /** Nobody can have such a name; were there a way after all, it would forge no line and no field. */
    @Test
    void aStrangeNameForgesNothing() {
        String strange = "eve\nKey b is enabled by ops\",\"patchkey\":{\u2028\u202e\u0007" + "x".repeat(1000);
        log.crossed(new Command(new KeyName("a"), new Action.Increment(1), strange, null, null), done(1));
        assertThat(lines.raw()).hasSize(1);
        assertThat(lines.raw().getFirst().strip()).doesNotContain("\n");
        assertThat(lines.all().getFirst().at("/patchkey/actor").asString(""))
                .matches("[A-Za-z0-9._@:/?-]{128}")
                .startsWith("eve?Key?b?is?enabled?by?ops");
        assertThat(lines.all().getFirst().at("/message").asString("")).hasSizeLessThan(200);
    }

    @Test
    void linesOfASecondAreBoundedAndWhatIsLeftOutIsCounted() {
        sayTimes(EdgeLog.MOST_IN_A_SECOND + 50);
        assertThat(lines.of("a")).hasSize(EdgeLog.MOST_IN_A_SECOND);
        assertThat(lines.all()).hasSize(EdgeLog.MOST_IN_A_SECOND + 1);
        assertThat(lines.all().getLast().path("message").asString("")).contains("are counted and not told of");

        clock.addAndGet(TimeUnit.SECONDS.toNanos(1));
        sayTimes(1);
        assertThat(lines.of("a")).hasSize(EdgeLog.MOST_IN_A_SECOND + 1);
        assertThat(lines.all().get(EdgeLog.MOST_IN_A_SECOND + 1).path("message").asString(""))
                .isEqualTo("50 edges were not told of, since there were more than 100 in a second");
    }

    @Test
    void atTheMostOfASecondNothingIsLeftOut() {
        sayTimes(EdgeLog.MOST_IN_A_SECOND - 1);
        clock.addAndGet(TimeUnit.SECONDS.toNanos(1));
        sayTimes(EdgeLog.MOST_IN_A_SECOND - 1);
        assertThat(lines.all()).hasSize(2 * EdgeLog.MOST_IN_A_SECOND - 2);
    }
}
