package dev.patchkey.statickey;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.patchkey.statickey.mirror.MirrorAccess;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What of native images can be shown without building one. The checks of the invariants do their part: each also runs
 * on a key that stays slow as all keys there do.
 */
class NativeImageTest {

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.patchkey.statickey");

    @ParameterizedTest
    @ValueSource(strings = {"runtime", "buildtime"})
    void keysKeepEveryPromiseWithoutACallSite(String code) {
        List<String> printed = Fork.run(
                WholeContract.class, List.of("-Dorg.graalvm.nativeimage.imagecode=" + code, "-Xlog:class+load"));
        assertThat(printed).contains("kept, on [SlowSite]");
        assertThat(printed).noneMatch(line -> line.contains(VolatileSite.class.getName() + " "));
    }

    @Test
    void theSameProgramInAnOrdinaryJvmHasCallSitesAndIsSeenToLoadThem() {
        List<String> printed = Fork.run(WholeContract.class, List.of("-Xlog:class+load"));
        assertThat(printed).contains("kept, on [VolatileSite]");
        assertThat(printed).anyMatch(line -> line.contains(VolatileSite.class.getName() + " "));
    }

    @Test
    void nothingIsReachedByNameButTheRegistry() {
        noClasses()
                .that()
                .doNotBelongToAnyOf(MirrorAccess.class)
                .should()
                .callMethod(Class.class, "forName", String.class, boolean.class, ClassLoader.class)
                .orShould()
                .callMethod(Class.class, "forName", String.class)
                .orShould()
                .dependOnClassesThat()
                .resideInAPackage("java.lang.reflect")
                .orShould()
                .dependOnClassesThat()
                .belongToAnyOf(ServiceLoader.class, ObjectInputStream.class)
                .because("a native image has only what its builder sees to be used, or is told of")
                .check(CLASSES);
    }

    @ParameterizedTest
    @ValueSource(strings = {"reflect-config.json", "reachability-metadata.json"})
    void theBuilderIsToldOfTheRegistry(String file) throws IOException {
        String path = "/META-INF/native-image/dev.patchkey/patchkey-static-key/" + file;
        try (InputStream metadata = Objects.requireNonNull(StaticKey.class.getResourceAsStream(path), path)) {
            assertThat(new String(metadata.readAllBytes(), StandardCharsets.UTF_8))
                    .contains('"' + Registry.class.getName() + '"');
        }
    }
}
