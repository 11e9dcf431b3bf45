package dev.patchkey.service.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.patchkey.service.PatchkeyService;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** A secret in the wrong field stops the start, and is not in what the start then says. */
@ExtendWith(OutputCaptureExtension.class)
class HiddenValueTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "patchkey.security.tokens[0].token|patchkey.security.tokens[0].token must be a setting",
                "patchkey.security.token|patchkey.security.token must be a setting",
                "patchkey.security.tokens[1].hashes|patchkey.security.tokens[1].hashes must be a setting",
                "patchkey.security.tokens[0]|patchkey.security.tokens[0] must be",
                "patchkey.security.certificates|patchkey.security.certificates must be",
                "patchkey.security.open|patchkey.security.open must be of the kind",
                "patchkey.security.tokens-file-check|patchkey.security.tokens-file-check must be of the kind",
                "patchkey.security.tokens[0].role|patchkey.security.tokens[0].role must be observer",
            })
    void namesTheSettingAndItsRuleAndNoValue(
            String setting, String rule, CapturedOutput output, @TempDir Path directory) {
        String secret = TestTokens.token("misplaced");
        List<String> arguments = new ArrayList<>(List.of(
                "--server.port=0",
                "--spring.datasource.url=jdbc:h2:file:" + directory.resolve("db") + ";WRITE_DELAY=0",
                "--patchkey.cluster.name=" + UUID.randomUUID(),
                "--" + setting + "=" + secret));
        if (setting.startsWith("patchkey.security.tokens[0].")) {
            arguments.add("--patchkey.security.tokens[0].name=ops");
        }
        assertThatThrownBy(() -> SpringApplication.run(PatchkeyService.class, arguments.toArray(String[]::new)))
                .isNotNull();
        assertThat(output.getAll())
                .contains("APPLICATION FAILED TO START")
                .contains(rule)
                .contains("docs/reference/configuration.md")
                .doesNotContain(secret);
    }
}
