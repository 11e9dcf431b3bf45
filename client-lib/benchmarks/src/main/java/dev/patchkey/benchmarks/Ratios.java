package dev.patchkey.benchmarks;

import java.util.Collection;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;

/** Prints what JMH has measured as ratios to one of the rows. */
final class Ratios {

    private Ratios() {}

    static void print(Collection<RunResult> results, String limit) {
        Result<?> base = results.stream()
                .filter(result -> result.getPrimaryResult().getLabel().equals(limit))
                .findFirst()
                .orElseThrow()
                .getPrimaryResult();
        System.out.printf("%n%-28s %12s %12s %8s   (ratio to %s)%n", "", "ns/op", "error", "ratio", limit);
        for (RunResult result : results) {
            Result<?> row = result.getPrimaryResult();
            System.out.printf(
                    "%-28s %12.3f %12.3f %8.3f%n",
                    row.getLabel(), row.getScore(), row.getScoreError(), row.getScore() / base.getScore());
        }
    }
}
