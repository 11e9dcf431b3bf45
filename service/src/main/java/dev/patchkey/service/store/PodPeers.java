package dev.patchkey.service.store;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * The other pods of the cluster, to be asked questions. What a question says is none of the transport's business, nor is
 * who must be asked: that stands in the {@link PodRegistry}.
 */
public interface PodPeers {

    /**
     * The most bytes of one question or answer that a transport must carry.
     *
     * <p>20,000 nodes of a pod take a few of the 16 million.
     */
    int LARGEST_MESSAGE = 16 << 20;

    /**
     * What came back.
     *
     * @param answers by the pod's id
     * @param silent the pods that are members of the cluster, or were when they were asked, and have not answered in time
     */
    record Answers(Map<String, byte[]> answers, Set<String> silent) {
        public Answers {
            answers = Map.copyOf(answers);
            silent = Set.copyOf(silent);
        }
    }

    /** This life of this pod: no two share an id, now or ever. */
    String id();

    /** This pod's own name, for people: it need not be unique. */
    String name();

    /** The name of this pod's cluster. */
    String cluster();

    /** Asks those of the pods that are members of the cluster now, and waits for their answers; blocks. */
    Answers ask(byte[] question, Set<String> pods, Duration timeout);

    /**
     * Begins to answer.
     *
     * @param answer what this pod says to a question; called on a thread that may block
     */
    void serve(UnaryOperator<byte[]> answer);
}
