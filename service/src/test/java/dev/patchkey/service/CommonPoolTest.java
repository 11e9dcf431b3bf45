package dev.patchkey.service;

import static org.assertj.core.api.Assertions.assertThat;

import com.hazelcast.internal.util.ConcurrencyUtil;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What Hazelcast completes its answers with, in a JVM of as many processors. */
class CommonPoolTest {

    /** Runs in that JVM. */
    static final class Asked {
        public static void main(String[] args) {
            if (Arrays.asList(args).contains("widened")) {
                PatchkeyService.widenCommonPool();
            }
            Executor executor = ConcurrencyUtil.getDefaultAsyncExecutor();
            System.out.print(executor == ForkJoinPool.commonPool() ? "the common pool" : "a thread each");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void noThreadIsStartedForEachAnswer(int processors) throws Exception {
        assertThat(ask(processors, "widened")).isEqualTo("the common pool");
    }

    /** Otherwise there is nothing to mend, and the code for it can go. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void leftToItselfHazelcastStartsOne(int processors) throws Exception {
        assertThat(ask(processors, "as it is")).isEqualTo("a thread each");
    }

    private static String ask(int processors, String how) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-XX:ActiveProcessorCount=" + processors);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Asked.class.getName(), how));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isZero();
        return said;
    }
}
