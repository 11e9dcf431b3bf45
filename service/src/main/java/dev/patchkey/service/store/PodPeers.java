package dev.patchkey.service.store;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** The other pods, to be asked questions. What a question says is none of the transport's business. */
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
     * @param answers by the pod's id, which no two pods share, now or ever
     * @param names of the pods that answered, by their ids; for people, since two pods may have the same
     * @param unaccounted the names of pods that are live members and have not answered in time
     */
    record Answers(Map<String, byte[]> answers, Map<String, String> names, List<String> unaccounted) {
        public Answers {
            answers = Map.copyOf(answers);
            names = Map.copyOf(names);
            unaccounted = List.copyOf(unaccounted);
        }

        /** No answer at all. */
        public static Answers none(List<String> unaccounted) {
            return new Answers(Map.of(), Map.of(), unaccounted);
        }
    }

    /** This pod's own name, for people: it need not be unique. */
    String name();

    /** Whether there can be no other pod, now or later. */
    default boolean isAlone() {
        return false;
    }

    /** Whether other pods had nodes when this one began to serve: they then know of nodes that live without a pod. */
    default boolean foundOthers() {
        return false;
    }

    /** Asks every other live pod, and waits for their answers; blocks. */
    Answers ask(byte[] question, Duration timeout);

    /**
     * Begins to answer.
     *
     * @param answer what this pod says to a question; called on a thread that may block
     * @param gone told the name of every pod that is no longer a member, in whatever way it went
     */
    void serve(UnaryOperator<byte[]> answer, Consumer<String> gone);

    /** A pod that is alone. */
    static PodPeers none(String name) {
        return new PodPeers() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public boolean isAlone() {
                return true;
            }

            @Override
            public Answers ask(byte[] question, Duration timeout) {
                return Answers.none(List.of());
            }

            @Override
            public void serve(UnaryOperator<byte[]> answer, Consumer<String> gone) {
                // Nobody asks.
            }
        };
    }
}
