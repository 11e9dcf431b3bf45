package dev.patchkey.client;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** What may depend on what. */
@AnalyzeClasses(packages = "dev.patchkey.client", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

    @ArchTest
    static final ArchRule STANDS_ON_ONE_DEPENDENCY = classes()
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    "dev.patchkey.client..",
                    "dev.patchkey.statickey..",
                    "com.fasterxml.jackson.core..",
                    "java..",
                    "org.jspecify.annotations")
            .because("whatever it brings along, every application that uses it has to take");

    @ArchTest
    static final ArchRule MESSAGES_STAND_ALONE = noClasses()
            .that()
            .resideInAPackage("..client.protocol..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.patchkey.client", "dev.patchkey.statickey..")
            .because("what is on the wire is decided by the protocol page alone");
}
