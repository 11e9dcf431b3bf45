package dev.patchkey.service.web;

import io.swagger.v3.oas.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** The JSON that callers send. Every field is optional, and so is the body. */
final class Requests {

    private Requests() {}

    @Schema(name = "CountRequest")
    record Count(
            @Schema(description = "How many bare references", minimum = "1", defaultValue = "1") @Nullable Integer by,

            @Schema(description = "Why, for the history", maxLength = 512) @Nullable String reason) {
        static final Count EMPTY = new Count(null, null);
    }

    @Schema(name = "HoldRequest")
    record HoldRequest(
            @Schema(description = "Why, for the history", maxLength = 512) @Nullable String reason,

            @Schema(
                    description = "How long the hold lasts unless renewed; without it, until released",
                    format = "duration",
                    example = "PT30M")
            @Nullable String lease) {
        static final HoldRequest EMPTY = new HoldRequest(null, null);
    }
}
