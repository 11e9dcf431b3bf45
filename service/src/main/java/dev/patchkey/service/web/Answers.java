package dev.patchkey.service.web;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.patchkey.service.propagation.Propagation;
import dev.patchkey.service.refcount.Hold;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.KeyState;
import dev.patchkey.service.refcount.Outcome;
import dev.patchkey.service.store.ReferenceCounts.HistoryLine;
import dev.patchkey.service.store.ReferenceCounts.Page;
import dev.patchkey.service.store.ReferenceCounts.Read;
import dev.patchkey.service.store.Stale;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The JSON that callers get. A null field is left out. */
final class Answers {

    private Answers() {}

    @Schema(name = "Change", description = "What a change, or a no-op, has left")
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Change(
            String key,
            @Schema(description = "The reference count") int count,

            @Schema(description = "Whether the count is above 0")
            boolean enabled,

            long epoch,

            @Schema(description = "Of the change; for a no-op, of the key as it stands")
            long revision,

            @Schema(description = "False for a no-op and for the renewal of a hold")
            boolean changed,

            @Schema(description = "Present with await=applied") @Nullable PropagationAnswer propagation) {

        static Change of(KeyName key, Outcome.Done done, @Nullable Propagation propagation) {
            return new Change(
                    key.value(),
                    done.count(),
                    done.enabled(),
                    done.version().epoch(),
                    done.version().revision(),
                    done.changed(),
                    propagation == null ? null : PropagationAnswer.of(propagation));
        }
    }

    @Schema(name = "Propagation", description = "How far the revision had come at the time of the answer")
    record PropagationAnswer(
            @Schema(description = "Whether every live node has rebound its call sites")
            boolean applied,

            @Schema(description = "How many live nodes there are")
            int nodes,

            @Schema(description = "Live nodes that have not applied it; at most 100 are named")
            List<Laggard> laggards,

            int laggardCount,

            @Schema(description = "Pods that did not answer or are behind")
            List<String> unaccounted,

            @Schema(description = "Nodes whose leases ran out meanwhile; nothing is claimed for them")
            List<Expired> expired) {

        static PropagationAnswer of(Propagation propagation) {
            return new PropagationAnswer(
                    propagation.applied(),
                    propagation.nodes(),
                    propagation.laggards().stream().map(Laggard::of).toList(),
                    propagation.laggardCount(),
                    propagation.unaccounted(),
                    propagation.expired().stream()
                            .map(gone -> new Expired(gone.node(), gone.stalePolicy()))
                            .toList());
        }
    }

    @Schema(name = "Laggard")
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Laggard(
            String node,
            String application,

            @Schema(description = "The newest revision of the key that the node has applied, if any is known") @Nullable Long appliedRevision,

            @Schema(description = "Since the node was last heard", type = "string", format = "duration")
            Duration silence,

            String reason) {

        static Laggard of(Propagation.Laggard laggard) {
            return new Laggard(
                    laggard.node(),
                    laggard.application(),
                    laggard.applied() == null ? null : laggard.applied().revision(),
                    laggard.silence(),
                    laggard.reason());
        }
    }

    @Schema(name = "Expired")
    record Expired(
            String node,

            @Schema(description = "What it does with its keys: hold or disable")
            String stalePolicy) {}

    @Schema(name = "KeyLine", description = "One key of the list")
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record KeyLine(
            String key,
            int count,
            boolean enabled,
            long epoch,
            long revision,

            @Schema(description = "How many references are anonymous")
            int bareReferences,

            @Schema(description = "How many references are named")
            int holdCount,

            @Nullable String changedBy,
            @Nullable Instant changedAt,
            @Nullable String reason) {

        static KeyLine of(Read read) {
            KeyState state = read.state();
            var last = state.last();
            return new KeyLine(
                    state.key().value(),
                    state.count(),
                    state.enabled(),
                    read.version().epoch(),
                    read.version().revision(),
                    state.bare(),
                    state.holds().size(),
                    last == null ? null : last.actor(),
                    last == null ? null : last.at(),
                    last == null ? null : last.reason());
        }
    }

    /** Null where nothing is to be said: true is what callers look for. */
    static @Nullable Boolean isStale(@Nullable Stale stale) {
        return stale == null ? null : true;
    }

    static @Nullable Instant since(@Nullable Stale stale) {
        return stale == null ? null : stale.since();
    }

    @Schema(name = "Keys", description = "One page of the list, in the order of names")
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Keys(
            long epoch,

            @Schema(
                    description =
                            "The pod's. With a database every change up to it is in the page; on the hazelcast store,"
                                    + " where each key counts its own, it is the highest seen")
            long revision,

            List<KeyLine> keys,

            @Schema(description = "The after parameter of the next page; absent on the last") @Nullable String next,

            @Schema(
                    description =
                            "True where the answer may lack changes acknowledged before it was asked for; else absent")
            @Nullable Boolean stale,

            @Schema(description = "With stale: everything acknowledged before this time is in the answer") @Nullable Instant staleSince) {

        static Keys of(Page page, int most) {
            List<KeyLine> lines =
                    page.reads().stream().limit(most).map(KeyLine::of).toList();
            return new Keys(
                    page.version().epoch(),
                    page.version().revision(),
                    lines,
                    page.reads().size() > most ? lines.getLast().key() : null,
                    isStale(page.stale()),
                    since(page.stale()));
        }
    }

    @Schema(name = "Key", description = "One key, with its holds and its propagation")
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Key(
            String key,
            int count,
            boolean enabled,
            long epoch,
            long revision,
            int bareReferences,

            @Schema(description = "In the order of holders; at most 1000 are shown")
            List<HoldLine> holds,

            int holdCount,
            @Nullable String changedBy,
            @Nullable Instant changedAt,
            @Nullable String reason,
            PropagationAnswer propagation,

            @Schema(
                    description =
                            "True where the answer may lack changes acknowledged before it was asked for; else absent")
            @Nullable Boolean stale,

            @Schema(description = "With stale: everything acknowledged before this time is in the answer") @Nullable Instant staleSince) {

        /** The most holds that one answer shows; the count says how many there are. */
        static final int MOST_HOLDS = 1000;

        static Key of(Read read, Propagation propagation) {
            KeyLine line = KeyLine.of(read);
            List<HoldLine> holds = read.state().holds().values().stream()
                    .sorted(Comparator.comparing(Hold::holder))
                    .limit(MOST_HOLDS)
                    .map(HoldLine::of)
                    .toList();
            return new Key(
                    line.key(),
                    line.count(),
                    line.enabled(),
                    line.epoch(),
                    line.revision(),
                    line.bareReferences(),
                    holds,
                    line.holdCount(),
                    line.changedBy(),
                    line.changedAt(),
                    line.reason(),
                    PropagationAnswer.of(propagation),
                    isStale(read.stale()),
                    since(read.stale()));
        }
    }

    @Schema(name = "Hold", description = "A named reference")
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record HoldLine(
            String holder,
            @Schema(description = "operator or node") String kind,
            @Nullable String reason,
            Instant since,

            @Schema(type = "string", format = "duration") @Nullable Duration lease,

            @Schema(description = "When it ends unless renewed") @Nullable Instant deadline) {

        static HoldLine of(Hold hold) {
            return new HoldLine(
                    hold.holder().value(),
                    hold.node() == null ? "operator" : "node",
                    hold.reason(),
                    hold.since(),
                    hold.lease(),
                    hold.deadline());
        }
    }

    @Schema(name = "HistoryLine", description = "One change of a key")
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record HistoryEntry(
            long epoch,
            long revision,
            Instant at,
            String actor,
            String action,
            @Nullable String holder,
            @Nullable String reason,

            @Schema(description = "The reference count after the change")
            int count,

            @Schema(description = "The id of the trace that asked for it, where requests are traced") @Nullable String traceId) {

        static HistoryEntry of(HistoryLine line) {
            return new HistoryEntry(
                    line.version().epoch(),
                    line.version().revision(),
                    line.change().at(),
                    line.change().actor(),
                    line.action(),
                    line.holder() == null ? null : line.holder().value(),
                    line.change().reason(),
                    line.count(),
                    line.trace());
        }
    }

    @Schema(name = "History", description = "Changes of one key, newest first")
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record History(
            List<HistoryEntry> changes,

            @Schema(description = "The before parameter of the next page; absent on the last") @Nullable Long next) {}
}
