package dev.patchkey.client;

import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/** Puts the words of the broken invariant in front of a test's failure. */
final class InvariantInFailures implements TestExecutionExceptionHandler {

    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable failure) {
        Invariant invariant = context.getRequiredTestClass().getAnnotation(Invariant.class);
        throw new AssertionError(
                "invariant " + invariant.number() + " is broken. " + invariant.text() + ": " + failure.getMessage(),
                failure);
    }
}
