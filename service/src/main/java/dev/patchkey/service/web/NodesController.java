package dev.patchkey.service.web;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.patchkey.service.problem.ProblemType;
import dev.patchkey.service.propagation.Nodes;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Version;
import dev.patchkey.service.security.Caller;
import dev.patchkey.service.store.ReferenceCounts;
import dev.patchkey.service.store.Stale;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** Nodes: who is live, and what each has applied. */
@RestController
@RequestMapping("/v1/nodes")
@Tag(name = "nodes")
class NodesController {

    private final Nodes nodes;
    private final ReferenceCounts counts;

    NodesController(Nodes nodes, ReferenceCounts counts) {
        this.nodes = nodes;
        this.counts = counts;
    }

    @Schema(name = "Node", description = "A live node: connected, or silent for less than its lease")
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record NodeAnswer(
            String node,
            String application,
            String version,
            String pod,
            boolean connected,
            Instant since,
            @Schema(type = "string", format = "duration") Duration silence,
            String stalePolicy,
            long appliedEpoch,

            @Schema(description = "Everything that the node was sent is applied up to here")
            long appliedRevision,

            @Schema(description = "How many messages are not confirmed as applied")
            int lag,

            @Schema(description = "By declared key; only for a single node") @Nullable Map<String, Integer> callSites) {

        static NodeAnswer of(Nodes.Node node, @Nullable Map<String, Integer> callSites) {
            return new NodeAnswer(
                    node.node(),
                    node.application(),
                    node.version(),
                    node.pod(),
                    node.connected(),
                    node.since(),
                    node.silence(),
                    node.stalePolicy(),
                    node.applied().epoch(),
                    node.applied().revision(),
                    node.lag(),
                    callSites);
        }
    }

    @Schema(name = "Nodes")
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record NodesAnswer(
            long epoch,

            @Schema(description = "How far the view of the pod that answers has come")
            long revision,

            List<NodeAnswer> nodes,

            @Schema(description = "True where the pod's view may lack changes acknowledged before; else absent")
            @Nullable Boolean stale,

            @Schema(description = "With stale: everything acknowledged before this time is in the view") @Nullable Instant staleSince) {}

    @GetMapping
    @Operation(summary = "Lists the live nodes")
    NodesAnswer list() {
        Version version = counts.view().version();
        Stale stale = counts.stale();
        return new NodesAnswer(
                version.epoch(),
                version.revision(),
                nodes.all().stream().map(node -> NodeAnswer.of(node, null)).toList(),
                Answers.isStale(stale),
                Answers.since(stale));
    }

    @GetMapping("/{node}")
    @Operation(summary = "Reads one live node, with its call sites")
    NodeAnswer get(@PathVariable String node, HttpServletRequest request) {
        Caller caller = Caller.of(request.getUserPrincipal());
        String id = Checks.holder("node", node).value();
        return nodes.find(id)
                .map(found -> NodeAnswer.of(found, callSites(found, caller)))
                .orElseThrow(() -> ProblemException.of(ProblemType.NODE_UNKNOWN, "No live node has the id " + id));
    }

    private static Map<String, Integer> callSites(Nodes.Node node, Caller caller) {
        Map<String, Integer> own = new TreeMap<>(node.callSites());
        own.keySet().removeIf(key -> !caller.mayRead(new KeyName(key)));
        return own;
    }
}
