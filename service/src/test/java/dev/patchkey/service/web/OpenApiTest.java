package dev.patchkey.service.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
