package dev.patchkey.service.security;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.service.PatchkeyService;
import dev.patchkey.service.web.HttpApi;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;

/** Each service of a JVM has its management's endpoints where it was told to, and the rules with them. */
class ManagementPathTest {

    private static ConfigurableApplicationContext start(Path directory, String path) {
        return SpringApplication.run(
                PatchkeyService.class,
                "--server.port=0",
                "--spring.datasource.url=jdbc:h2:file:" + directory.resolve(UUID.randomUUID() + "/db")
                        + ";WRITE_DELAY=0",
                "--patchkey.cluster.name=" + UUID.randomUUID(),
                "--management.endpoints.web.base-path=" + path,
                "--management.endpoints.web.exposure.include=*",
                "--patchkey.security.tokens[0].name=ops",
                "--patchkey.security.tokens[0].role=operator",
                "--patchkey.security.tokens[0].prefixes=*",
                "--patchkey.security.tokens[0].hashes=" + TestTokens.hash(TestTokens.token("ops")));
    }

    private static void check(ConfigurableApplicationContext service, String path) {
        int port = service.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
        assertThat(new HttpApi(port).get(path + "/health/liveness").status()).isEqualTo(200);
        assertThat(new HttpApi(port).get(path + "/metrics").status()).isEqualTo(401);
        HttpApi ops = new HttpApi(port, TestTokens.bearer("ops"));
        assertThat(ops.get(path + "/loggers").status()).isEqualTo(200);
        assertThat(ops.post(path + "/loggers/x", null).status()).isEqualTo(403);
    }

    @Test
    void theRulesAreThoseOfTheServicesOwnPath(@TempDir Path directory) {
        try (ConfigurableApplicationContext one = start(directory, "/one");
                ConfigurableApplicationContext two = start(directory, "/two")) {
            check(one, "/one");
            check(two, "/two");
        }
    }
}
