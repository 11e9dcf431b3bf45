package dev.patchkey.service.security;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.service.PatchkeyService;
import dev.patchkey.service.web.HttpApi;
import dev.patchkey.service.web.HttpApi.Answer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;

/** A service whose issuer has never answered: it says so, keeps nobody waiting, and takes all other credentials. */
@ExtendWith(OutputCaptureExtension.class)
class IssuerDownTest {

    private static final String JWT = "--spring.security.oauth2.resourceserver.jwt.";

    private static ConfigurableApplicationContext start(int issuer, Path directory) {
        return SpringApplication.run(
                PatchkeyService.class,
                "--server.port=0",
                "--patchkey.cluster.name=" + directory,
                "--spring.datasource.url=jdbc:h2:file:" + directory.resolve("db") + ";WRITE_DELAY=0",
                "--patchkey.limits.failures-per-minute=0",
                "--patchkey.security.tokens[0].name=ops",
                "--patchkey.security.tokens[0].role=observer",
                "--patchkey.security.tokens[0].hashes=" + TestTokens.hash(TestTokens.token("ops")),
                "--patchkey.security.tokens[0].prefixes=*",
                "--patchkey.security.jwt.prefixes-claim=*",
                JWT + "issuer-uri=http://127.0.0.1:" + issuer + "/realms/main",
                JWT + "audiences=" + TestIssuer.AUDIENCE);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void jwtsAreAnswered503AndWhatIsNone401AndTokensAreTaken(
            boolean takesConnections, CapturedOutput output, @TempDir Path directory) throws Exception {
        List<Socket> asked = new CopyOnWriteArrayList<>();
        ServerSocket hole = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        if (takesConnections) {
            Thread.ofPlatform().daemon().start(() -> takeAll(hole, asked));
        } else {
            hole.close();
        }
        long began = System.nanoTime();
        try (ConfigurableApplicationContext service = start(hole.getLocalPort(), directory)) {
            int port = service.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
            String jwt = TestIssuer.jwt(TestIssuer.claims("alice", "patchkey-admin"));
            for (Answer answer :
                    atOnce(20, () -> new HttpApi(port, "Authorization", "Bearer " + jwt).get("/v1/keys"))) {
                assertThat(answer.status()).isEqualTo(503);
                assertThat(answer.problem()).isEqualTo("issuer-unavailable");
                assertThat(answer.header("Retry-After")).isEqualTo("5");
            }
            for (String none : List.of("x", "a.b", "a.b.", "a.b.c.d", "a.b.c=")) {
                assertThat(new HttpApi(port, "Authorization", "Bearer " + none)
                                .get("/v1/keys")
                                .status())
                        .as(none)
                        .isEqualTo(401);
            }
            assertThat(new HttpApi(port, TestTokens.bearer("ops"))
                            .get("/v1/keys")
                            .status())
                    .isEqualTo(200);
            long pauses = (System.nanoTime() - began) / IssuerKeys.PAUSE.toNanos();
            assertThat(asked.size()).as("how often it was asked").isLessThanOrEqualTo((int) pauses + 1);
            Awaitility.await()
                    .untilAsserted(() ->
                            assertThat(output.getAll()).contains("The keys of the issuer of JWTs cannot be fetched"));
            // Services of other tests may still be logging.
            assertThat(output.getAll())
                    .doesNotContain("\tat dev.patchkey.service.security.")
                    .doesNotContain("\tat org.springframework.security.");
        } finally {
            hole.close();
            for (Socket socket : asked) {
                socket.close();
            }
        }
    }

    private static void takeAll(ServerSocket hole, List<Socket> taken) {
        while (!hole.isClosed()) {
            try {
                taken.add(hole.accept());
            } catch (IOException e) {
                // The test has closed it.
                return;
            }
        }
    }

    private static List<Answer> atOnce(int times, Callable<Answer> call) throws Exception {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Answer> answers = new ArrayList<>();
            for (Future<Answer> answer : threads.invokeAll(Collections.nCopies(times, call))) {
                answers.add(answer.get());
            }
            return answers;
        }
    }
}
