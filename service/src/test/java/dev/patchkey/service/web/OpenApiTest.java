package dev.patchkey.service.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.boot.test.web.server.LocalServerPort;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** The description of the API that is checked in is the one that is served. */
@RunningService
class OpenApiTest {

    private static final Path CHECKED_IN = Path.of("../docs/reference/openapi.json");

    private static final JsonMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    @LocalServerPort
    int port;

    /** Before any call is looked at it is looked who asks, from where, and how often. */
    @Test
    void everyCallMayAnswerThatItsCallerIsNobodyOrMayNotOrAsksTooOften() {
        JsonNode served = new HttpApi(port).get("/v1/openapi").body();
        int calls = 0;
        for (JsonNode path : served.path("paths")) {
            for (JsonNode call : path) {
                calls++;
                for (String status : List.of("401", "403", "429")) {
                    String reference = call.at("/responses/" + status + "/$ref").asString("");
                    JsonNode answer = served.at(reference.replaceFirst("^#", ""));
                    assertThat(answer.at("/content/application~1problem+json/schema/$ref")
                                    .asString(""))
                            .as(call.path("operationId") + " " + status)
                            .isEqualTo("#/components/schemas/Problem");
                }
            }
        }
        assertThat(calls).isGreaterThanOrEqualTo(12);
        assertThat(served.at("/components/responses/Forbidden/description").asString(""))
                .contains("forbidden: The caller may not do this", "cross-site");
        assertThat(served.at("/components/responses/TooMany/headers/Retry-After")
                        .isObject())
                .isTrue();
    }

    @Test
    void theDescriptionThatIsServedIsCheckedIn() throws IOException {
        JsonNode served = new HttpApi(port).get("/v1/openapi").body();
        ((ObjectNode) served).remove("servers");
        assertThat(served.path("paths").propertyNames())
                .contains("/v1/keys", "/v1/keys/{key}/increment", "/v1/keys/{key}/holds/{holder}", "/v1/nodes");
        if (Boolean.getBoolean("openapi.write")) {
            Files.writeString(CHECKED_IN, JSON.writeValueAsString(served) + "\n");
        }
        assertThat(JSON.readTree(Files.readString(CHECKED_IN)))
                .as(
                        "docs/reference/openapi.json; write it with: mvn -pl service test -Dtest=OpenApiTest -Dopenapi.write=true")
                .isEqualTo(served);
    }
}
