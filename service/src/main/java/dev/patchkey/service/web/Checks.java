package dev.patchkey.service.web;

import dev.patchkey.service.refcount.Holder;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.security.Caller;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Checks what callers send, and names the field and the rule that it breaks. */
final class Checks {

    /** The most characters in a reason: a sentence or two with a link. */
    static final int LONGEST_REASON = 512;

    /** The most characters in an Idempotency-Key: a UUID with room for a prefix. */
    static final int LONGEST_IDEMPOTENCY_KEY = 128;

    private Checks() {}

    static KeyName key(String value) {
        return key("key", value);
    }

    static KeyName key(String field, String value) {
        if (!KeyName.isValid(value)) {
            throw ProblemException.invalid(field, KeyName.RULE);
        }
        return new KeyName(value);
    }

    static Holder holder(String field, String value) {
        if (!Holder.isValid(value)) {
            throw ProblemException.invalid(field, Holder.RULE);
        }
        return new Holder(value);
    }

    /** The caller's own node of that id. */
    static Holder node(Caller caller, Holder id) {
        mayTake(caller, id);
        try {
            return caller.node(id.value());
        } catch (IllegalArgumentException e) {
            throw ProblemException.invalid(
                    "holder", Holder.RULE + ", and so must be its name with the caller's before it");
        }
    }

    /** Releasing is another matter: what was bound before everybody was let in must have somebody who ends it. */
    static void mayTake(Caller caller, Holder holder) {
        if (!caller.mayTake(holder)) {
            throw ProblemException.invalid("holder", "a name without a colon where the service lets everybody in");
        }
    }

    static int by(@Nullable Integer value) {
        if (value == null) {
            return 1;
        }
        if (value < 1) {
            throw ProblemException.invalid("by", "a whole number from 1 to 2147483647, and is " + value);
        }
        return value;
    }

    static @Nullable String reason(@Nullable String value) {
        if (value == null) {
            return null;
        }
        if (value.codePointCount(0, value.length()) > LONGEST_REASON || hasControl(value)) {
            throw ProblemException.invalid(
                    "reason", "at most " + LONGEST_REASON + " characters, none of them a control character");
        }
        return value;
    }

    /** A control character could forge a line of a log, and half a surrogate pair is no text. */
    private static boolean hasControl(String value) {
        return value.codePoints().anyMatch(c -> {
            int type = Character.getType(c);
            return type == Character.CONTROL
                    || type == Character.SURROGATE
                    || type == Character.LINE_SEPARATOR
                    || type == Character.PARAGRAPH_SEPARATOR;
        });
    }

    static @Nullable Duration lease(@Nullable String value, Duration longest) {
        if (value == null) {
            return null;
        }
        Duration shortest = Duration.ofSeconds(1);
        String rule = "an ISO-8601 duration from %s to %s".formatted(shortest, longest);
        Duration lease = duration("lease", value, rule);
        if (lease.compareTo(shortest) < 0 || lease.compareTo(longest) > 0) {
            throw ProblemException.invalid("lease", rule + ", and is " + lease);
        }
        return lease;
    }

    static Duration timeout(String value, Duration longest) {
        String rule = "an ISO-8601 duration from PT0S to %s".formatted(longest);
        Duration timeout = duration("timeout", value, rule);
        if (timeout.isNegative() || timeout.compareTo(longest) > 0) {
            throw ProblemException.invalid("timeout", rule + ", and is " + timeout);
        }
        return timeout;
    }

    private static Duration duration(String field, String value, String rule) {
        try {
            return Duration.parse(value);
        } catch (DateTimeParseException | ArithmeticException e) {
            throw ProblemException.invalid(field, rule);
        }
    }

    static int limit(int value, int largest) {
        if (value < 1 || value > largest) {
            throw ProblemException.invalid("limit", "a whole number from 1 to %d, and is %d".formatted(largest, value));
        }
        return value;
    }

    static String prefix(String value) {
        if (!value.isEmpty() && !KeyName.isValid(value)) {
            throw ProblemException.invalid("prefix", "empty or the beginning of a key: " + KeyName.RULE);
        }
        return value;
    }

    static long positive(String field, long value) {
        if (value < 1) {
            throw ProblemException.invalid(field, "a whole number above 0, and is " + value);
        }
        return value;
    }

    static String uuid(String field, String value) {
        try {
            // UUID.fromString takes shorter groups too; only the canonical form names one incarnation one way.
            if (UUID.fromString(value).toString().equalsIgnoreCase(value)) {
                return UUID.fromString(value).toString();
            }
        } catch (IllegalArgumentException e) {
            throw ProblemException.invalid(field, "a UUID");
        }
        throw ProblemException.invalid(field, "a UUID");
    }

    static String idempotencyKey(String value) {
        boolean printable = value.chars().allMatch(c -> c > 0x20 && c < 0x7f);
        if (value.isEmpty() || value.length() > LONGEST_IDEMPOTENCY_KEY || !printable) {
            throw ProblemException.invalid(
                    "Idempotency-Key",
                    "1 to " + LONGEST_IDEMPOTENCY_KEY + " printable ASCII characters without spaces");
        }
        return value;
    }
}
