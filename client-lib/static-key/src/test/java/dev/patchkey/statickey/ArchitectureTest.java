package dev.patchkey.statickey;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** What may depend on what. */
@AnalyzeClasses(packages = "dev.patchkey.statickey", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

    @ArchTest
    static final ArchRule STANDS_ON_THE_JDK = classes()
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage("dev.patchkey.statickey..", "java..", "org.jspecify.annotations")
            .because("it is put into every application, and must conflict with nothing there");

    @ArchTest
    static final ArchRule HAS_NO_CYCLES = slices().matching("dev.patchkey.statickey.(*)..")
            .should()
            .beFreeOfCycles()
            .because("a cycle of packages is one package that does not say so");
}
