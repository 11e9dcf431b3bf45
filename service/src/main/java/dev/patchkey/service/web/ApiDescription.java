package dev.patchkey.service.web;

import dev.patchkey.service.problem.ProblemType;
import io.swagger.v3.oas.annotations.OpenAPIDefinition;
import io.swagger.v3.oas.annotations.enums.SecuritySchemeType;
import io.swagger.v3.oas.annotations.info.Info;
import io.swagger.v3.oas.annotations.info.License;
import io.swagger.v3.oas.annotations.security.SecurityRequirement;
import io.swagger.v3.oas.annotations.security.SecurityScheme;
import io.swagger.v3.oas.models.headers.Header;
import io.swagger.v3.oas.models.media.Content;
import io.swagger.v3.oas.models.media.IntegerSchema;
import io.swagger.v3.oas.models.media.MediaType;
import io.swagger.v3.oas.models.media.ObjectSchema;
import io.swagger.v3.oas.models.media.Schema;
import io.swagger.v3.oas.models.media.StringSchema;
import io.swagger.v3.oas.models.responses.ApiResponse;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springdoc.core.customizers.OpenApiCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpHeaders;

/** What the description of the API says of the whole, and of what each call may answer before it is looked at. */
@Configuration(proxyBeanMethods = false)
@OpenAPIDefinition(
        info =
                @Info(
                        title = "Patchkey",
                        version = "v1",
                        description = "Cluster-wide, reference-counted feature keys for the JVM. Errors are"
                                + " application/problem+json with a stable type.",
                        license = @License(name = "Apache-2.0")),
        security = @SecurityRequirement(name = "bearer"))
@SecurityScheme(
        name = "bearer",
        type = SecuritySchemeType.HTTP,
        scheme = "bearer",
        description = "A token or a JWT, on a service that knows credentials; a client certificate does as well")
class ApiDescription {

    private static final String PROBLEM = "Problem";

    /**
     * What every call may answer, whatever it does.
     *
     * @param name of the answer, once for all calls
     * @param header that the answer has besides; null for none
     * @param types of its problem
     */
    private record Refused(String name, @Nullable String header, List<ProblemType> types) {

        Refused(String name, @Nullable String header, ProblemType... types) {
            this(name, header, List.of(types));
        }

        String status() {
            return Integer.toString(types.getFirst().status().value());
        }

        ApiResponse answer() {
            ApiResponse answer = new ApiResponse()
                    .description(types.stream()
                            .map(type -> type.word() + ": " + type.title())
                            .collect(Collectors.joining("; ")))
                    .content(new Content()
                            .addMediaType(
                                    org.springframework.http.MediaType.APPLICATION_PROBLEM_JSON_VALUE,
                                    new MediaType().schema(new Schema<>().$ref(PROBLEM))));
            return header == null ? answer : answer.addHeaderObject(header, new Header().schema(new StringSchema()));
        }
    }

    private static final List<Refused> REFUSED = List.of(
            new Refused("Unauthenticated", HttpHeaders.WWW_AUTHENTICATE, ProblemType.UNAUTHENTICATED),
            new Refused("Forbidden", null, ProblemType.FORBIDDEN, ProblemType.CROSS_SITE),
            new Refused("TooMany", HttpHeaders.RETRY_AFTER, ProblemType.RATE_EXCEEDED, ProblemType.TOO_MANY_AT_ONCE));

    @Bean
    OpenApiCustomizer refusedCalls() {
        return api -> {
            api.getComponents().addSchemas(PROBLEM, problem());
            for (Refused refused : REFUSED) {
                api.getComponents().addResponses(refused.name(), refused.answer());
            }
            api.getPaths().values().stream()
                    .flatMap(path -> path.readOperations().stream())
                    .forEach(call -> REFUSED.forEach(refused -> call.getResponses()
                            .addApiResponse(refused.status(), new ApiResponse().$ref(refused.name()))));
        };
    }

    private static ObjectSchema problem() {
        StringSchema type = new StringSchema();
        for (ProblemType each : ProblemType.values()) {
            type.addEnumItem(each.uri().toString());
        }
        ObjectSchema problem = new ObjectSchema();
        problem.setDescription("What went wrong, as RFC 9457 has it");
        problem.addProperty("type", type);
        problem.addProperty("title", described("What all problems of the type are called"));
        problem.addProperty("status", new IntegerSchema());
        problem.addProperty("detail", described("For people: what it is this time"));
        problem.addProperty("instance", described("Where it was met"));
        problem.addProperty("field", described("The one that is to blame; else absent"));
        problem.setRequired(List.of("type", "title", "status", "detail"));
        return problem;
    }

    private static StringSchema described(String description) {
        StringSchema text = new StringSchema();
        text.setDescription(description);
        return text;
    }
}
