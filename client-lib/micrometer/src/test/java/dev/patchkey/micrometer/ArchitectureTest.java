package dev.patchkey.micrometer;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What may import what. */
class ArchitectureTest {

    @Test
    void theMetersKnowMicrometerAndTheNodeAndNothingElse() {
        classes()
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java..",
                        "io.micrometer.core.instrument..",
                        "org.jspecify..",
                        "dev.patchkey.micrometer",
                        "dev.patchkey.client",
                        "dev.patchkey.statickey")
                .because("an application that has another registry than we test with must get no jar of ours for it")
                .check(new ClassFileImporter().importPath(Path.of("target/classes")));
    }
}
