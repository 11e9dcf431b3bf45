package dev.patchkey.service.web;

import dev.patchkey.service.problem.ProblemType;
import dev.patchkey.service.refcount.Action;
import dev.patchkey.service.refcount.Holder;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.NodeStamp;
import dev.patchkey.service.security.Caller;
import dev.patchkey.service.security.Role;
import dev.patchkey.service.store.Incarnations;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import org.jspecify.annotations.Nullable;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Holds: acquired, renewed, released, by operators and by nodes. */
@RestController
@RequestMapping("/v1/keys/{key}/holds/{holder}")
@Tag(name = "holds")
class HoldsController {

    static final String SESSION = "Patchkey-Session";
    static final String INCARNATION = "Patchkey-Incarnation";
    static final String OPERATION = "Patchkey-Operation";

    private final Changes changes;
    private final Incarnations incarnations;
    private final HoldProperties properties;

    HoldsController(Changes changes, Incarnations incarnations, HoldProperties properties) {
        this.changes = changes;
        this.incarnations = incarnations;
        this.properties = properties;
    }

    @PutMapping
    @Operation(
            summary = "Acquires a hold, or renews the one that stands",
            description =
                    "A node names its session, incarnation and operation in headers; its hold lives as long as its"
                            + " own lease and takes none here.")
    ResponseEntity<Answers.Change> acquire(
            @PathVariable String key,
            @PathVariable String holder,
            @RequestBody(required = false) Requests.@Nullable HoldRequest body,
            @RequestHeader(name = "Idempotency-Key", required = false) @Nullable String idempotencyKey,
            @RequestHeader(name = SESSION, required = false) @Nullable String session,
            @RequestHeader(name = INCARNATION, required = false) @Nullable String incarnation,
            @RequestHeader(name = OPERATION, required = false) @Nullable Long operation,
            @RequestParam(required = false) @Nullable String await,
            @RequestParam(required = false) @Nullable String timeout,
            HttpServletRequest request) {
        KeyName name = Checks.key(key);
        Holder who = Checks.holder("holder", holder);
        Requests.HoldRequest hold = body == null ? Requests.HoldRequest.EMPTY : body;
        String reason = Checks.reason(hold.reason());
        var lease = Checks.lease(hold.lease(), properties.longestLease());
        Await wait = Await.parse(await, timeout);
        if (session != null && lease != null) {
            throw ProblemException.invalid("lease", "left out by a node: its holds live on its own lease");
        }
        Caller caller = Caller.of(request.getUserPrincipal());
        Holds by = holds(caller, name, who, session, incarnation, operation);
        Checks.mayTake(caller, by.holder());
        return changes.change(
                caller, name, new Action.Acquire(by.holder(), lease, by.node()), reason, idempotencyKey, wait);
    }

    @DeleteMapping
    @Operation(summary = "Releases a hold; a no-op where none stands")
    ResponseEntity<Answers.Change> release(
            @PathVariable String key,
            @PathVariable String holder,
            @RequestHeader(name = "Idempotency-Key", required = false) @Nullable String idempotencyKey,
            @RequestHeader(name = SESSION, required = false) @Nullable String session,
            @RequestHeader(name = INCARNATION, required = false) @Nullable String incarnation,
            @RequestHeader(name = OPERATION, required = false) @Nullable Long operation,
            @RequestParam(required = false) @Nullable String await,
            @RequestParam(required = false) @Nullable String timeout,
            HttpServletRequest request) {
        KeyName name = Checks.key(key);
        Holder who = Checks.holder("holder", holder);
        Await wait = Await.parse(await, timeout);
        Caller caller = Caller.of(request.getUserPrincipal());
        Holds by = holds(caller, name, who, session, incarnation, operation);
        return changes.change(caller, name, new Action.Release(by.holder(), by.node()), null, idempotencyKey, wait);
    }

    /** Who holds: an operator, or a node with the stamp of its operation. */
    private record Holds(Holder holder, @Nullable NodeStamp node) {}

    /** What headers make of a holder's name; all checks come before the store is asked. */
    private Holds holds(
            Caller caller,
            KeyName key,
            Holder named,
            @Nullable String session,
            @Nullable String incarnation,
            @Nullable Long operation) {
        caller.requireToChange(key);
        if (session == null && incarnation == null && operation == null) {
            caller.require(Role.OPERATOR);
            caller.require(named);
            return new Holds(named, null);
        }
        caller.require(Role.NODE);
        if (session == null) {
            throw ProblemException.invalid(SESSION, "given with " + INCARNATION + " and " + OPERATION);
        }
        if (incarnation == null) {
            throw ProblemException.invalid(INCARNATION, "given with " + SESSION + " and " + OPERATION);
        }
        if (operation == null) {
            throw ProblemException.invalid(OPERATION, "given with " + SESSION + " and " + INCARNATION);
        }
        String sessionId = Checks.uuid(SESSION, session);
        String incarnationId = Checks.uuid(INCARNATION, incarnation);
        long number = Checks.positive(OPERATION, operation);
        Holder node = Checks.node(caller, named);
        return switch (incarnations.find(caller.name(), node, incarnationId)) {
            case Incarnations.Numbered.Current current ->
                new Holds(node, new NodeStamp(current.number(), number, sessionId));
            case Incarnations.Numbered.Refused refused ->
                throw ProblemException.of(ProblemType.OPERATION_SUPERSEDED, refused.detail());
            case Incarnations.Numbered.Unknown unknown ->
                throw ProblemException.of(ProblemType.INCARNATION_UNKNOWN, unknown.detail());
        };
    }
}
