package dev.patchkey.service.web;

import dev.patchkey.service.security.Credentials;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.List;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Tokens: whose are good. */
@RestController
@Tag(name = "tokens")
class TokensController {

    private final Credentials credentials;

    TokensController(Credentials credentials) {
        this.credentials = credentials;
    }

    @Schema(name = "Token", description = "The tokens of one caller")
    record TokenAnswer(
            String name,
            String role,

            @Schema(description = "Of the keys that the caller may use; * for all")
            List<String> prefixes,

            @Schema(description = "Of the keys that the caller may read besides; * for all")
            List<String> readPrefixes,

            @Schema(description = "How many tokens are good")
            int hashes) {}

    @Schema(name = "Tokens")
    record TokensAnswer(List<TokenAnswer> tokens) {}

    @GetMapping("/v1/tokens")
    @Operation(
            summary = "Lists whose tokens are good, in the order of names",
            description = "Takes the role admin. Neither tokens nor their hashes are shown.")
    TokensAnswer list() {
        return new TokensAnswer(credentials.known().stream()
                .map(known -> new TokenAnswer(
                        known.name(), known.role().word(), known.prefixes(), known.readPrefixes(), known.hashes()))
                .toList());
    }
}
