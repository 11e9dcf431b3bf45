package dev.patchkey.service.security;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.servlet.http.HttpServletRequest;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContextHolder;

/**
 * Counts the requests and connections that are refused for who sends them or how many, by a fixed set of reasons, and says so in the log: for
 * each reason once in a while, however many there are. Safe for use by several threads.
 */
public final class Refusals {

    private static final Logger log = LoggerFactory.getLogger(Refusals.class);

    /** Room for every name of a caller, and every address. */
    private static final int LONGEST_SHOWN = 80;

    /** What neither a caller's name nor an address has; a proxy's header may give any text as the address. */
    private static final Pattern STRANGE = Pattern.compile("[^A-Za-z0-9._@:/%-]");

    /** Why a request is refused. */
    public enum Reason {
        /** 401: nothing was shown. */
        NO_CREDENTIALS,
        /** 401: what was shown is not good. */
        BAD_CREDENTIALS,
        /** 429: the address has shown too much that is not good. */
        TOO_MANY_FAILURES,
        /** 503: it cannot be told now whether a JWT is good. */
        ISSUER_UNAVAILABLE,
        /** 403: the caller lacks the role, the key's prefix or the holder's name. */
        FORBIDDEN,
        /** 403: a page of somebody else's has sent it. */
        CROSS_SITE,
        /** 429: the caller asks too often. */
        RATE_EXCEEDED,
        /** 429: as many requests of the caller are under way as may be. */
        TOO_MANY_AT_ONCE,
        /** Closed unread: the address has as many connections as it may. */
        TOO_MANY_CONNECTIONS,
        /** 429: the caller, or the pod, has as many event streams as it may. */
        TOO_MANY_WATCHERS,
        /** 429: the caller has as many channels as it may. */
        TOO_MANY_NODES;

        /** Its name in metrics and in the log. */
        String word() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /** Of one reason. */
    private record Tally(Counter counter, LogPace pace) {}

    private final Map<Reason, Tally> tallies = new EnumMap<>(Reason.class);

    public Refusals(MeterRegistry registry) {
        this(registry, System::nanoTime);
    }

    Refusals(MeterRegistry registry, LongSupplier nanoTime) {
        for (Reason reason : Reason.values()) {
            Counter counter = Counter.builder("patchkey.security.refusals")
                    .description("Requests that were refused for who sent them or how many")
                    .tag("reason", reason.word())
                    .register(registry);
            tallies.put(reason, new Tally(counter, new LogPace(nanoTime)));
        }
    }

    /** Counts one; the log names the caller, or where nobody is known the address. */
    public void count(Reason reason, HttpServletRequest request) {
        Authentication known = SecurityContextHolder.getContext().getAuthentication();
        count(reason, known instanceof CallerAuthentication caller ? caller.getName() : request.getRemoteAddr());
    }

    /** Counts one of whom the log is to name. */
    public void count(Reason reason, String whom) {
        Tally tally = Objects.requireNonNull(tallies.get(reason));
        tally.counter().increment();
        long unsaid = tally.pace().count();
        if (unsaid > 0) {
            String shown = whom.length() > LONGEST_SHOWN ? whom.substring(0, LONGEST_SHOWN) : whom;
            log.warn(
                    "Requests refused as {} since this was last said: {}, the latest from {}",
                    reason.word(),
                    unsaid,
                    STRANGE.matcher(shown).replaceAll("?"));
        }
    }
}
