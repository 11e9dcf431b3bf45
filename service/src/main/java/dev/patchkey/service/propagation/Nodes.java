package dev.patchkey.service.propagation;

import dev.patchkey.service.refcount.Version;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The live nodes of all pods. */
public interface Nodes {

    /**
     * One live node: connected, or silent for less than its lease.
     *
     * @param node its id
     * @param application as it said in its hello
     * @param version of the application, as it said; empty if it did not
     * @param pod the pod it is or was connected to
     * @param connected whether its connection stands
     * @param since when its session began
     * @param silence since it was last heard
     * @param stalePolicy {@code hold} or {@code disable}
     * @param applied the version up to which it has applied everything it was sent
     * @param lag how many frames it was sent and has not confirmed as applied
     * @param callSites by declared key, how many call sites: the key's own, and one for each static call
     */
    record Node(
            String node,
            String application,
            String version,
            String pod,
            boolean connected,
            Instant since,
            Duration silence,
            String stalePolicy,
            Version applied,
            int lag,
            Map<String, Integer> callSites) {}

    /** All live nodes, in the order of their ids; blocks. Leaves {@code callSites} empty. */
    List<Node> all();

    /** One live node, whole; blocks. */
    Optional<Node> find(String node);
}
