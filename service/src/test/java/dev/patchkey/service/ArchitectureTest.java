package dev.patchkey.service;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "dev.patchkey.service", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

    @ArchTest
    static final ArchRule CORE_IS_PURE = classes()
            .that()
            .resideInAPackage("..refcount..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage("dev.patchkey.service.refcount..", "java..", "org.jspecify..")
            .because(
                    "the rules of counting must be readable and testable without a framework, a cluster or a database");

    @ArchTest
    static final ArchRule PROBLEMS_ARE_A_TABLE = classes()
            .that()
            .resideInAPackage("..problem..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    "dev.patchkey.service.problem..",
                    "dev.patchkey.service.refcount..",
                    "org.springframework.http..",
                    "java..",
                    "org.jspecify..")
            .because("every edge answers by the same table, so it stands below all of them");

    @ArchTest
    static final ArchRule ONE_PACKAGE_KNOWS_HAZELCAST = noClasses()
            .that()
            .resideOutsideOfPackage("dev.patchkey.service.store.hazelcast..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("com.hazelcast..")
            .because("the cluster must be replaceable, and what it promises be checked in one place");

    @ArchTest
    static final ArchRule ONE_PACKAGE_KNOWS_JDBC = noClasses()
            .that()
            .resideOutsideOfPackage("dev.patchkey.service.store.jdbc..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "java.sql..",
                    "javax.sql..",
                    "org.springframework.jdbc..",
                    "org.springframework.boot.jdbc..",
                    "org.springframework.boot.flyway..",
                    "org.flywaydb..",
                    "org.h2..")
            .because("a change must reach the database by the fence alone");

    @ArchTest
    static final ArchRule STORES_DO_NOT_KNOW_EACH_OTHER = slices().matching("dev.patchkey.service.store.(*)..")
            .should()
            .notDependOnEachOther()
            .because("each store stands alone on the seam");

    @ArchTest
    static final ArchRule ONLY_THE_EDGES_KNOW_THE_WEB = noClasses()
            .that()
            .resideOutsideOfPackages(
                    "dev.patchkey.service.web..",
                    "dev.patchkey.service.channel..",
                    "dev.patchkey.service.security..",
                    "dev.patchkey.service.tls..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.springframework.web..", "org.eclipse.jetty..", "jakarta.servlet..")
            .because("what is counted and who has applied it does not depend on how it was asked");

    @ArchTest
    static final ArchRule THE_STORES_STAND_BELOW = noClasses()
            .that()
            .resideInAPackage("dev.patchkey.service.store..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "dev.patchkey.service.web..",
                    "dev.patchkey.service.channel..",
                    "dev.patchkey.service.propagation..")
            .because("the truth does not depend on who is told of it");

    @ArchTest
    static final ArchRule NO_CYCLES = slices().matching("dev.patchkey.service.(**)")
            .should()
            .beFreeOfCycles()
            .because("a package that can be read alone is one that can be changed alone");

    @ArchTest
    static final ArchRule CLIENTS_SHARE_NOTHING_WITH_THE_SERVICE = noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("dev.patchkey.client..", "dev.patchkey.statickey..")
            .because("the protocol alone keeps the two honest: they are released and upgraded apart");
}
