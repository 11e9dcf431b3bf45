package dev.patchkey.systemtests.robustness;

import dev.patchkey.systemtests.robustness.cluster.Store;
import dev.patchkey.systemtests.robustness.history.Answer;
import dev.patchkey.systemtests.robustness.history.Call;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** What came of some seeds, in words and in a table. */
final class Summary {

    /** It takes milliseconds. */
    private static final int GIT_SECONDS = 10;

    private static final Optional<String> COMMIT = commit();

    private Summary() {}

    /** Of the sources, where they are a git repository's; with a mark if they have been changed since. */
    private static Optional<String> commit() {
        try {
            Process git = new ProcessBuilder("git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*")
                    .redirectErrorStream(true)
                    .start();
            boolean ended = git.waitFor(GIT_SECONDS, TimeUnit.SECONDS); // what it prints fits the pipe
            git.destroyForcibly();
            String line = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return ended && git.exitValue() == 0 ? Optional.of(line.strip()) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    static String line(Run.Result result) {
        return "seed " + result.seed() + ": " + numbers(List.of(result))
                + result.violations().stream()
                        .map(violation -> "\nVIOLATION " + violation)
                        .collect(Collectors.joining());
    }

    static String of(Store store, List<Run.Result> results) {
        Map<String, Integer> kinds = new TreeMap<>();
        results.forEach(result -> result.kinds().forEach(kind -> kinds.merge(kind, 1, Integer::sum)));
        StringBuilder text = new StringBuilder();
        text.append(COMMIT.map(commit -> "Commit " + commit + ". ").orElse(""));
        text.append(results.size())
                .append(" seeds on the ")
                .append(store)
                .append(" store: ")
                .append(numbers(results))
                .append("\n\n");
        text.append("| fault | times |\n|---|---|\n");
        kinds.forEach((kind, times) ->
                text.append("| ").append(kind).append(" | ").append(times).append(" |\n"));
        return text.toString();
    }

    private static String numbers(List<Run.Result> results) {
        return count(results, call -> true) + " operations, "
                + count(results, call -> call.answer() instanceof Answer.Done) + " acknowledged, "
                + count(results, call -> call.answer() instanceof Answer.Refused) + " refused, "
                + count(results, call -> call.answer() instanceof Answer.NotDone) + " not made, "
                + count(results, call -> call.answer() instanceof Answer.Unknown) + " unknown, "
                + count(results, call -> call.answer() instanceof Answer.Stale) + " read as stale, "
                + count(results, Summary::isApplied) + " applied everywhere, "
                + results.stream()
                        .mapToLong(result -> result.history().sightings().size())
                        .sum() + " sightings, nodes live for "
                + results.stream()
                        .mapToLong(result -> result.watched().toSeconds())
                        .sum() + " s of the storms, "
                + violations(results, "lost") + " lost, "
                + violations(results, "doubled") + " doubled, "
                + violations(results, "") + " violations";
    }

    private static boolean isApplied(Call call) {
        return call.answer() instanceof Answer.Done done && done.propagation().applied();
    }

    private static long count(List<Run.Result> results, Predicate<Call> which) {
        return results.stream()
                .flatMap(result -> result.history().calls().stream())
                .filter(which)
                .count();
    }

    private static long violations(List<Run.Result> results, String what) {
        return results.stream()
                .flatMap(result -> result.violations().stream())
                .filter(violation -> violation.what().startsWith(what))
                .count();
    }
}
