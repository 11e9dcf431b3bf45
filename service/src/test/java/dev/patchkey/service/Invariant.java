package dev.patchkey.service;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.junit.platform.commons.support.AnnotationSupport;

/** Says which published guarantee a test checks; a failure carries its words. */
@Documented
@Target({ElementType.METHOD, ElementType.TYPE})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(Invariant.Words.class)
public @interface Invariant {

    /** For example {@code S6}. */
    String number();

    /** The guarantee's own words. */
    String text();

    /** Puts the words into the failure. */
    class Words implements TestExecutionExceptionHandler {
        @Override
        public void handleTestExecutionException(ExtensionContext context, Throwable failure) throws Throwable {
            if (failure instanceof AssertionError) {
                Invariant invariant = AnnotationSupport.findAnnotation(context.getRequiredTestMethod(), Invariant.class)
                        .or(() -> AnnotationSupport.findAnnotation(context.getRequiredTestClass(), Invariant.class))
                        .orElseThrow();
                throw new AssertionError(invariant.number() + " does not hold: " + invariant.text(), failure);
            }
            throw failure;
        }
    }
}
