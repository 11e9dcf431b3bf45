package dev.patchkey.service.security;

import dev.patchkey.service.logging.Tally;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says in the log by which rule JWTs are refused: for each reason once in a while, however many there are. Their callers
 * are never told, and whoever runs the service can mend it only by knowing. Nothing of a JWT is shown. Safe for use by
 * several threads.
 */
final class JwtRefusals {

    private static final Logger log = LoggerFactory.getLogger(JwtRefusals.class);

    /** What of a JWT breaks a rule that settings, here or the issuer's, can mend. */
    enum Reason {
        /** It is none, or none that is signed. */
        FORM,
        ALGORITHM,
        KEY,
        TYPE,
        TIME,
        ISSUER,
        AUDIENCE,
        /** It is for whoever shows a certificate that is not shown. */
        BINDING,
        NAME,
        PREFIXES;

        /** Its name in the log. */
        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final Map<Reason, Tally> tallies = new EnumMap<>(Reason.class);

    JwtRefusals() {
        this(System::nanoTime);
    }

    JwtRefusals(LongSupplier nanoTime) {
        for (Reason reason : Reason.values()) {
            tallies.put(reason, new Tally(nanoTime));
        }
    }

    /**
     * One more is refused.
     *
     * @param rule the one that it breaks: which claim or header must be what, without what it is
     */
    void count(Reason reason, String rule) {
        Objects.requireNonNull(tallies.get(reason))
                .count(unsaid -> log.warn(
                        "JWTs refused for their {} since this was last said: {}. {}", reason.word(), unsaid, rule));
    }
}
