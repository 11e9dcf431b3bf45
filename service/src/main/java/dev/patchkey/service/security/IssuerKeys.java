package dev.patchkey.service.security;

import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKMatcher;
import com.nimbusds.jose.jwk.JWKSelector;
import com.nimbusds.jose.jwk.source.JWKSetBasedJWKSource;
import com.nimbusds.jose.jwk.source.JWKSetUnavailableException;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.SecurityContext;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keys of the issuer of JWTs. Those that are known verify without a wait, whatever else is asked for and whether the
 * issuer can be reached; what is limited is how often it is asked.
 *
 * <p>While no keys are known, one request in {@link #PAUSE} has the issuer asked, and all others are told at once that it
 * cannot be told whether a JWT is good: an issuer that is silent keeps nobody waiting.
 */
final class IssuerKeys implements JWKSource<SecurityContext>, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(IssuerKeys.class);

    /** After so long keys are fetched anew, which is how long one that the issuer has withdrawn is good. */
    private static final Duration FRESH = Duration.ofMinutes(5);

    /** So long before that they are, in the background. */
    private static final Duration AHEAD = Duration.ofSeconds(30);

    /** For so long keys are used while the issuer cannot be asked: enough to mend it, and a withdrawn key is not good for good. */
    static final Duration OUTAGE = Duration.ofHours(1);

    /** Two fetches are let through in so long, however many JWTs name keys that nobody has. */
    private static final Duration TWO_FETCHES = Duration.ofSeconds(10);

    /** What a JWT whose key is not known waits for a fetch that another has begun. */
    private static final Duration WAIT = Duration.ofSeconds(1);

    /** Between two attempts while no keys are known: as long as two fetches may take on average. */
    static final Duration PAUSE = Duration.ofSeconds(5);

    private final Issuer issuer;
    private final JWKSetBasedJWKSource<SecurityContext> kept;
    private final ReentrantLock attempt = new ReentrantLock();

    /** Guarded by {@code attempt}: when the next one may be, by the monotonic clock. */
    private long nextAttempt = System.nanoTime();

    /** Begins to fetch them. */
    IssuerKeys(Issuer issuer) {
        this.issuer = issuer;
        ScheduledExecutorService fetcher = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().name("patchkey-issuer").factory());
        JWKSource<SecurityContext> built = JWKSourceBuilder.create(issuer)
                .cache(FRESH.toMillis(), WAIT.toMillis())
                .refreshAheadCache(AHEAD.toMillis(), null, fetcher, true, fetcher, true)
                .rateLimited(TWO_FETCHES.toMillis())
                .outageTolerant(OUTAGE.toMillis())
                .build();
        // What the builder builds without a failover.
        kept = (JWKSetBasedJWKSource<SecurityContext>) built;
        fetcher.execute(this::fetchFirst);
    }

    private void fetchFirst() {
        try {
            var unused = get(new JWKSelector(new JWKMatcher.Builder().build()), null);
        } catch (KeySourceException e) {
            log.debug("The first JWT will have the issuer asked again", e);
        }
    }

    /** @throws KeySourceException if it cannot be told now which keys there are */
    @Override
    public List<JWK> get(JWKSelector selector, @Nullable SecurityContext context) throws KeySourceException {
        // Kept for so long after the last answer, and used until they are stale.
        if (issuer.hasAnsweredWithin(OUTAGE.plus(FRESH))) {
            return kept.get(selector, context);
        }
        if (!attempt.tryLock()) {
            throw new JWKSetUnavailableException("The issuer is being asked for its keys");
        }
        try {
            if (System.nanoTime() - nextAttempt < 0) {
                throw new JWKSetUnavailableException("The issuer could not be asked for its keys a moment ago");
            }
            try {
                return kept.get(selector, context);
            } finally {
                nextAttempt = System.nanoTime() + PAUSE.toNanos();
            }
        } finally {
            attempt.unlock();
        }
    }

    @Override
    public void close() throws IOException {
        kept.close();
    }
}
