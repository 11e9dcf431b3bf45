package dev.patchkey.client;

import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** Failures in a few words, for people. */
final class Failures {

    private Failures() {}

    /** What a future has failed with, without the wrapping that futures add. */
    static @Nullable Throwable cause(@Nullable Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }

    /** The kind and the text, since many exceptions of the network carry no text at all. */
    static String sentence(@Nullable Throwable failure) {
        Throwable cause = cause(failure);
        if (cause == null) {
            return "nothing is known";
        }
        String message = cause.getMessage();
        return cause.getClass().getSimpleName() + (message == null || message.isEmpty() ? "" : " (" + message + ")");
    }
}
