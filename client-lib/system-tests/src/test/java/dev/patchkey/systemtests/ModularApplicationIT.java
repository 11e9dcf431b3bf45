package dev.patchkey.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import dev.patchkey.client.Patchkey;
import dev.patchkey.micrometer.PatchkeyMetrics;
import dev.patchkey.statickey.StaticKey;
import io.micrometer.common.KeyValue;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.observation.Observation;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An application that is a module compiles against what is published, and against nothing else. */
class ModularApplicationIT {

    @Test
    void aModuleThatRequiresTheClientCompilesWithoutWarnings(@TempDir Path directory) throws Exception {
        compile(directory, "dev.patchkey.client", """
                package application;

                import dev.patchkey.client.Hold;
                import dev.patchkey.client.Patchkey;
                import dev.patchkey.statickey.StaticKey;
                import java.net.URI;

                class Main {
                    private static final StaticKey KEY = StaticKey.of("application.key");

                    void run() {
                        try (Patchkey patchkey = Patchkey.builder(URI.create("http://localhost")).start()) {
                            Hold hold = patchkey.acquire(KEY);
                            System.out.println(KEY.isEnabled() && hold.isLive());
                            hold.close();
                        }
                    }
                }
                """, StaticKey.class, Patchkey.class, JsonFactory.class);
    }

    @Test
    void aModuleThatBindsTheMetersOfANodeCompilesWithoutWarnings(@TempDir Path directory) throws Exception {
        compile(
                directory,
                "dev.patchkey.micrometer",
                """
                package application;

                import dev.patchkey.client.Patchkey;
                import dev.patchkey.micrometer.PatchkeyMetrics;
                import io.micrometer.core.instrument.MeterRegistry;
                import io.micrometer.core.instrument.Tags;

                class Main {
                    AutoCloseable bind(Patchkey patchkey, MeterRegistry registry) {
                        PatchkeyMetrics metrics = PatchkeyMetrics.builder(patchkey)
                                .tags(Tags.of("team", "a"))
                                .keys(500)
                                .build();
                        metrics.bindTo(registry);
                        return metrics;
                    }
                }
                """,
                StaticKey.class,
                Patchkey.class,
                JsonFactory.class,
                PatchkeyMetrics.class,
                MeterRegistry.class,
                Observation.class,
                KeyValue.class,
                NullMarked.class);
    }

    /** @param jars a class of each jar that is there */
    private static void compile(Path directory, String required, String main, Class<?>... jars) throws IOException {
        Path module = Files.writeString(
                directory.resolve("module-info.java"), "module application { requires " + required + "; }");
        Path program = Files.writeString(
                Files.createDirectories(directory.resolve("application")).resolve("Main.java"), main);
        String published = Stream.of(jars)
                .map(ModularApplicationIT::place)
                .collect(Collectors.joining(System.getProperty("path.separator")));
        var output = new ByteArrayOutputStream();
        int result = ToolProvider.getSystemJavaCompiler()
                .run(
                        null,
                        output,
                        output,
                        "--release",
                        "17",
                        "-Xlint:all",
                        "-Werror",
                        "--module-path",
                        published,
                        "-d",
                        directory.resolve("classes").toString(),
                        module.toString(),
                        program.toString());
        assertThat(result).as(output.toString(StandardCharsets.UTF_8)).isZero();
    }

    private static String place(Class<?> published) {
        try {
            return Path.of(published
                            .getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .toString();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
