package dev.patchkey.client;

import dev.patchkey.client.protocol.HoldAnswer;
import java.net.ConnectException;
import java.net.http.HttpConnectTimeoutException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What an attempt at a hold change has come to. */
sealed interface Verdict {

    /** Done; the key stands as the answer says. */
    record Done(HoldAnswer.Done answer) implements Verdict {}

    /** Refused: surely nothing was changed, and asking again is pointless. */
    record Refused(String problem, String sentence) implements Verdict {
        boolean isSuperseded() {
            return problem.equals(SUPERSEDED);
        }
    }

    /**
     * Worth another attempt.
     *
     * @param unknown whether it may have been done all the same
     */
    record Failed(boolean unknown, RuntimeException why) implements Verdict {}

    /** Answers that say for sure that nothing was changed, and that it may be later: too busy, store away. */
    Set<Integer> NOT_NOW = Set.of(429, 503);

    /** The one refusal that settles a release: a later operation has been decided. Any other leaves the hold standing. */
    String SUPERSEDED = "operation-superseded";

    static Verdict of(boolean acquire, @Nullable HoldAnswer answer, @Nullable Throwable failure) {
        if (answer instanceof HoldAnswer.Done done) {
            return new Done(done);
        }
        if (answer instanceof HoldAnswer.Problem problem) {
            int status = problem.status();
            String sentence = "the service answered " + status + " " + problem.problem() + ": " + problem.detail();
            boolean settled = acquire || problem.problem().equals(SUPERSEDED);
            if (status >= 500 || NOT_NOW.contains(status) || !settled) {
                return new Failed(status >= 500 && !NOT_NOW.contains(status), new IllegalStateException(sentence));
            }
            return new Refused(problem.problem(), sentence);
        }
        Throwable cause = Failures.cause(failure);
        boolean unsent = cause instanceof ConnectException || cause instanceof HttpConnectTimeoutException;
        return new Failed(!unsent, new IllegalStateException("the request failed: " + Failures.sentence(cause), cause));
    }
}
