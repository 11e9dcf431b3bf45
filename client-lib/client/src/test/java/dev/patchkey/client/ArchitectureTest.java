package dev.patchkey.client;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What may import what. */
class ArchitectureTest {

    private static final JavaClasses CLASSES = new ClassFileImporter().importPath(Path.of("target/classes"));

    @Test
    void theProtocolAloneKnowsJson() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.patchkey.client.protocol")
                .and()
                .doNotHaveSimpleName("module-info")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("com.fasterxml..")
                .because("another JSON library must be a change of one package")
                .check(CLASSES);
    }

    @Test
    void theProtocolKnowsNothingElse() {
        classes()
                .that()
                .resideInAPackage("dev.patchkey.client.protocol")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java.lang..",
                        "java.io..",
                        "java.util..",
                        "com.fasterxml..",
                        "org.jspecify..",
                        "dev.patchkey.client.protocol")
                .because("messages are values: no thread, no socket, no clock")
                .check(CLASSES);
    }

    @Test
    void theClientRunsOnTheJdkAndOneSmallDependency() {
        classes()
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java..",
                        "javax.net.ssl..",
                        "com.fasterxml.jackson.core..",
                        "org.jspecify..",
                        "dev.patchkey.client..",
                        "dev.patchkey.statickey..")
                .because("whatever the client brings along ends up in every application")
                .check(CLASSES);
    }
}
