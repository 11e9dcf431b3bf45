package dev.patchkey.service.web;

import dev.patchkey.service.problem.ProblemType;
import dev.patchkey.service.propagation.Barrier;
import dev.patchkey.service.propagation.Propagation;
import dev.patchkey.service.refcount.Action;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.security.Caller;
import dev.patchkey.service.store.ReferenceCounts;
import dev.patchkey.service.store.ReferenceCounts.Consistency;
import dev.patchkey.service.store.ReferenceCounts.HistoryLine;
import dev.patchkey.service.store.ReferenceCounts.Page;
import dev.patchkey.service.store.ReferenceCounts.Read;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Keys: counted up and down, read, listed, deleted. */
@RestController
@RequestMapping("/v1/keys")
@Tag(name = "keys")
class KeysController {

    private final ReferenceCounts counts;
    private final Barrier barrier;
    private final Changes changes;

    KeysController(ReferenceCounts counts, Barrier barrier, Changes changes) {
        this.counts = counts;
        this.barrier = barrier;
        this.changes = changes;
    }

    @PostMapping("/{key}/increment")
    @Operation(summary = "Adds bare references")
    ResponseEntity<Answers.Change> increment(
            @PathVariable String key,
            @RequestBody(required = false) Requests.@Nullable Count body,
            @RequestHeader(name = "Idempotency-Key", required = false) @Nullable String idempotencyKey,
            @RequestParam(required = false) @Nullable String await,
            @RequestParam(required = false) @Nullable String timeout,
            HttpServletRequest request) {
        return count(key, body, Action.Increment::new, idempotencyKey, Await.parse(await, timeout), request);
    }

    @PostMapping("/{key}/decrement")
    @Operation(summary = "Takes bare references away; refused if there are fewer")
    ResponseEntity<Answers.Change> decrement(
            @PathVariable String key,
            @RequestBody(required = false) Requests.@Nullable Count body,
            @RequestHeader(name = "Idempotency-Key", required = false) @Nullable String idempotencyKey,
            @RequestParam(required = false) @Nullable String await,
            @RequestParam(required = false) @Nullable String timeout,
            HttpServletRequest request) {
        return count(key, body, Action.Decrement::new, idempotencyKey, Await.parse(await, timeout), request);
    }

    private ResponseEntity<Answers.Change> count(
            String key,
            Requests.@Nullable Count body,
            IntFunction<Action> action,
            @Nullable String idempotencyKey,
            @Nullable Await await,
            HttpServletRequest request) {
        Requests.Count count = body == null ? Requests.Count.EMPTY : body;
        return changes.change(
                Caller.of(request.getUserPrincipal()),
                Checks.key(key),
                action.apply(Checks.by(count.by())),
                Checks.reason(count.reason()),
                idempotencyKey,
                await);
    }

    @DeleteMapping("/{key}")
    @Operation(summary = "Deletes a key whose count is 0; its revision goes on")
    ResponseEntity<Answers.Change> delete(
            @PathVariable String key,
            @RequestHeader(name = "Idempotency-Key", required = false) @Nullable String idempotencyKey,
            @RequestParam(required = false) @Nullable String await,
            @RequestParam(required = false) @Nullable String timeout,
            HttpServletRequest request) {
        return changes.change(
                Caller.of(request.getUserPrincipal()),
                Checks.key(key),
                new Action.Delete(),
                null,
                idempotencyKey,
                Await.parse(await, timeout));
    }

    @GetMapping
    @Operation(summary = "Lists keys in the order of their names")
    Answers.Keys list(
            @RequestParam(defaultValue = "") String prefix,
            @RequestParam(required = false) @Nullable String after,
            @RequestParam(defaultValue = "100") int limit,
            @RequestParam(required = false) @Nullable String consistency,
            HttpServletRequest request) {
        KeyName from = after == null ? null : Checks.key("after", after);
        int most = Checks.limit(limit, ReferenceCounts.LARGEST_PAGE - 1);
        // One more than asked for tells whether there is a next page.
        List<String> prefixes = Caller.of(request.getUserPrincipal()).within(Checks.prefix(prefix));
        return Answers.Keys.of(list(prefixes, from, most + 1, consistency(consistency)), most);
    }

    /** The keys with any of the prefixes, which are in the order of names and apart. */
    private Page list(List<String> prefixes, @Nullable KeyName after, int limit, Consistency consistency) {
        // What the first part has is in the others too: they are read later.
        Page first = counts.list(prefixes.getFirst(), after, limit, consistency);
        List<Read> reads = new ArrayList<>(first.reads());
        for (String prefix : prefixes.subList(1, prefixes.size())) {
            if (reads.size() < limit) {
                reads.addAll(counts.list(prefix, after, limit - reads.size(), consistency)
                        .reads());
            }
        }
        return new Page(reads, first.version(), first.stale());
    }

    @GetMapping("/{key}")
    @Operation(
            summary = "Reads one key with its holds and its propagation",
            description =
                    "With await=applied it waits until the revision, by default the key's own, is applied on every"
                            + " live node, and answers 202 if that is not so at the timeout.")
    ResponseEntity<Answers.Key> get(
            @PathVariable String key,
            @RequestParam(required = false) @Nullable String await,
            @RequestParam(required = false) @Nullable String timeout,
            @RequestParam(required = false) @Nullable Long revision,
            @RequestParam(required = false) @Nullable String consistency,
            HttpServletRequest request) {
        KeyName name = Checks.key(key);
        Caller.of(request.getUserPrincipal()).requireToRead(name);
        Await wait = Await.parse(await, timeout);
        if (wait == null && revision != null) {
            throw ProblemException.invalid("revision", "given with await=applied only");
        }
        Read read = counts.read(name, consistency(consistency));
        if (!read.state().exists() && revision == null) {
            throw ProblemException.unknownKey(name, read.stale());
        }
        Version version = revision == null ? read.version() : awaited(name, read, revision);
        Propagation propagation = barrier.await(name, version, wait == null ? Duration.ZERO : wait.timeout());
        HttpStatus status = wait == null || propagation.applied() ? HttpStatus.OK : HttpStatus.ACCEPTED;
        // What was awaited may have changed the key meanwhile: show it as it is now.
        Read now = wait == null ? read : counts.read(name, consistency(consistency));
        return ResponseEntity.status(status).body(Answers.Key.of(now, propagation));
    }

    private Version awaited(KeyName key, Read read, long revision) {
        Checks.positive("revision", revision);
        Read newest = revision <= read.version().revision() ? read : counts.read(key, Consistency.STRONG);
        if (revision > newest.version().revision()) {
            throw ProblemException.invalid(
                    "revision",
                    "one that the key has had: its newest is "
                            + newest.version().revision());
        }
        return new Version(newest.version().epoch(), revision);
    }

    @GetMapping("/{key}/history")
    @Operation(summary = "Reads a key's changes, newest first")
    Answers.History history(
            @PathVariable String key,
            @RequestParam(required = false) @Nullable Long before,
            @RequestParam(defaultValue = "100") int limit,
            HttpServletRequest request) {
        KeyName name = Checks.key(key);
        Caller.of(request.getUserPrincipal()).requireToRead(name);
        int most = Checks.limit(limit, ReferenceCounts.LARGEST_PAGE - 1);
        long from = before == null ? Long.MAX_VALUE : Checks.positive("before", before);
        List<HistoryLine> lines;
        try {
            lines = counts.history(name, from, most + 1);
        } catch (UnsupportedOperationException e) {
            throw ProblemException.of(
                    ProblemType.HISTORY_NOT_KEPT, "This service runs on the hazelcast store, which keeps no history");
        }
        List<Answers.HistoryEntry> page =
                lines.stream().limit(most).map(Answers.HistoryEntry::of).toList();
        return new Answers.History(page, lines.size() > most ? page.getLast().revision() : null);
    }

    private static Consistency consistency(@Nullable String value) {
        if (value == null) {
            return Consistency.CLUSTER;
        }
        if (!value.equals("strong")) {
            throw ProblemException.invalid("consistency", "strong, or left out");
        }
        return Consistency.STRONG;
    }
}
