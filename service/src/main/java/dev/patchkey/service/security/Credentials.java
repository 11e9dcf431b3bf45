package dev.patchkey.service.security;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import java.io.IOException;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The credentials that are good now. The file of tokens and certificates is looked at again and again, by its content: a secret that
 * Kubernetes mounts changes by a symbolic link, and its time may go back.
 */
public final class Credentials implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Credentials.class);

    private final Callers configured;
    private final boolean takesCertificates;
    private final @Nullable Path file;
    private final InstantSource clock;
    private final @Nullable ScheduledExecutorService timer;

    private volatile Callers callers;

    /** Of the timer's thread alone, once it is started: what is in force. */
    private @Nullable String content;

    /** Of the timer's thread alone: what was read last. */
    private @Nullable String lastRead;

    /** When the file was last found good, by the monotonic clock. */
    private volatile long foundGood = System.nanoTime();

    /** Of the timer's thread alone: what was found wrong since the file was last found good. */
    private @Nullable String trouble;

    /**
     * @param takesCertificates whether the port asks for client certificates, and takes only genuine ones
     * @param every how often to look at the file
     * @throws IllegalArgumentException if the file cannot be read, or breaks a rule
     */
    Credentials(
            Callers configured, boolean takesCertificates, @Nullable Path file, Duration every, InstantSource clock) {
        this.configured = configured;
        this.takesCertificates = takesCertificates;
        this.file = file;
        this.clock = clock;
        callers = configured;
        if (file == null) {
            timer = null;
            return;
        }
        try {
            load(file);
        } catch (IOException e) {
            throw new IllegalArgumentException(TokensFile.SETTING + " must name a file that can be read", e);
        }
        timer = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().name("patchkey-tokens").factory());
        ScheduledFuture<?> unused =
                timer.scheduleWithFixedDelay(this::look, every.toMillis(), every.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** What has changed counts only when two looks in a row have found the same: the first may have found half of it. */
    private void load(Path from) throws IOException {
        String now = TokensFile.read(from);
        boolean settled = content == null || now.equals(lastRead);
        lastRead = now;
        if (!now.equals(content)) {
            if (!settled) {
                return;
            }
            Callers inFile = TokensFile.parse(now);
            CallerSettings.require(
                    takesCertificates || inFile.certificates().isEmpty(),
                    TokensFile.SETTING + ": certificates must come with server.ssl.client-auth want or need, and with a"
                            + " trust store in the bundle of each port that asks for them");
            callers = configured.and(inFile, TokensFile.SETTING);
            content = now;
            log.info("{} has been read: the tokens of {} callers are good", TokensFile.SETTING, known().size());
        }
        trouble = null;
        foundGood = System.nanoTime();
    }

    /** Shows by a metric that the file is looked at, and found good. */
    void showFile(MeterRegistry registry) {
        TimeGauge.builder(
                        "patchkey.security.tokens.file.age",
                        this,
                        TimeUnit.NANOSECONDS,
                        credentials -> System.nanoTime() - credentials.foundGood)
                .description("Since the file of tokens was last found to be there and to break no rule")
                .register(registry);
    }

    /** Of the timer's thread alone. What is wrong is said once, and what was good before stays. */
    void look() {
        try {
            load(Objects.requireNonNull(file));
        } catch (IllegalArgumentException e) {
            stays(String.valueOf(e.getMessage()));
        } catch (IOException e) {
            stays(TokensFile.SETTING + " cannot be read (" + e.getClass().getSimpleName() + ")");
        } catch (Throwable e) {
            // Whatever escapes would end the timer for good, and with it every later rotation.
            stays(TokensFile.SETTING + " has met a bug (" + e.getClass().getSimpleName() + ")");
        }
    }

    private void stays(String why) {
        if (!why.equals(trouble)) {
            trouble = why;
            log.error("{}: the tokens and certificates that were good before stay so", why);
        }
    }

    @Nullable Caller find(String token) {
        return callers.tokens().find(token);
    }

    @Nullable Caller find(X509Certificate genuine) {
        return callers.certificates().find(genuine);
    }

    boolean takesCertificates() {
        return takesCertificates;
    }

    /** Whose tokens are good, in the order of names. */
    public List<Tokens.Known> known() {
        return callers.tokens().known().stream()
                .sorted(Comparator.comparing(Tokens.Known::name))
                .toList();
    }

    /** Whether the credential that the caller has shown would be taken now, for the same rights. */
    public boolean areGood(Caller caller) {
        if (caller.until() != null && !clock.instant().isBefore(caller.until())) {
            return false;
        }
        return callers.stillKnow(caller);
    }

    @Override
    public void close() {
        if (timer != null) {
            timer.shutdownNow();
        }
    }
}
