package dev.patchkey.client;

import dev.patchkey.client.protocol.Grammar;
import dev.patchkey.client.protocol.NodeMessages;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/** Gathers a node's options and checks each at once. */
final class NodeBuilder implements Patchkey.Builder {

    /** Beyond this a wait is for ever in all but name, and arithmetic in nanoseconds stays far from overflow. */
    private static final Duration LONGEST = Duration.ofDays(1);

    private static final int LARGEST_PORT = 65_535;

    private final List<URI> services = new ArrayList<>();
    private String node = Identity.defaultNode();
    private String application = Identity.defaultApplication();
    private @Nullable String applicationVersion;
    private List<String> prefixes = List.of();
    private StalePolicy stalePolicy = StalePolicy.HOLD;
    private final Map<String, StalePolicy> stalePolicies = new HashMap<>();
    private Duration acquireTimeout = Duration.ofSeconds(10);
    private Duration connectTimeout = Duration.ofSeconds(5);
    private Duration requestTimeout = Duration.ofSeconds(5);
    private Duration linger = Duration.ZERO;
    private @Nullable Supplier<String> bearerToken;
    private @Nullable Supplier<SSLContext> sslContext;
    private System.Logger logger = System.getLogger("dev.patchkey.client");

    NodeBuilder(URI service) {
        service(service);
    }

    @Override
    public Patchkey.Builder service(URI alternative) {
        String text = Objects.requireNonNull(alternative, "service").toString();
        // Before anything that would quote it: what is before the @ may be a password.
        check(text.indexOf('@') < 0, "service must name no user: tokens are given to bearerToken");
        String scheme = String.valueOf(alternative.getScheme()).toLowerCase(Locale.ROOT);
        check(
                (scheme.equals("http") || scheme.equals("https")) && alternative.getHost() != null,
                "service must be an absolute http or https URI, not " + text);
        int port = alternative.getPort();
        check(port == -1 || (port >= 1 && port <= LARGEST_PORT), "service's port must be 1 to 65535, not " + port);
        check(
                alternative.getRawQuery() == null && alternative.getRawFragment() == null,
                "service must have neither query nor fragment, unlike " + text);
        services.add(URI.create(scheme + text.substring(scheme.length()) + (text.endsWith("/") ? "" : "/")));
        return this;
    }

    @Override
    public Patchkey.Builder node(String id) {
        check(Grammar.isNode(Objects.requireNonNull(id, "id")), "node must be " + Grammar.NODE_RULE);
        this.node = id;
        return this;
    }

    @Override
    public Patchkey.Builder application(String name) {
        check(Grammar.isText(Objects.requireNonNull(name, "name")), "application must be " + Grammar.TEXT_RULE);
        this.application = name;
        return this;
    }

    @Override
    public Patchkey.Builder applicationVersion(String version) {
        check(
                Grammar.isText(Objects.requireNonNull(version, "version")),
                "applicationVersion must be " + Grammar.TEXT_RULE);
        this.applicationVersion = version;
        return this;
    }

    @Override
    public Patchkey.Builder prefixes(List<String> prefixes) {
        check(
                Objects.requireNonNull(prefixes, "prefixes").size() <= NodeMessages.MOST_PREFIXES,
                "prefixes must be at most " + NodeMessages.MOST_PREFIXES);
        check(
                prefixes.stream().allMatch(prefix -> Grammar.isKey(Objects.requireNonNull(prefix, "prefixes"))),
                "each of prefixes must be " + Grammar.KEY_RULE);
        this.prefixes = List.copyOf(prefixes);
        return this;
    }

    @Override
    public Patchkey.Builder stalePolicy(StalePolicy policy) {
        this.stalePolicy = Objects.requireNonNull(policy, "policy");
        return this;
    }

    @Override
    public Patchkey.Builder stalePolicy(String key, StalePolicy policy) {
        check(Grammar.isKey(Objects.requireNonNull(key, "key")), "key must be " + Grammar.KEY_RULE);
        stalePolicies.put(key, Objects.requireNonNull(policy, "policy"));
        return this;
    }

    @Override
    public Patchkey.Builder acquireTimeout(Duration timeout) {
        this.acquireTimeout = positive("acquireTimeout", timeout);
        return this;
    }

    @Override
    public Patchkey.Builder connectTimeout(Duration timeout) {
        this.connectTimeout = positive("connectTimeout", timeout);
        return this;
    }

    @Override
    public Patchkey.Builder requestTimeout(Duration timeout) {
        this.requestTimeout = positive("requestTimeout", timeout);
        return this;
    }

    @Override
    public Patchkey.Builder linger(Duration linger) {
        this.linger = Objects.requireNonNull(linger, "linger").isZero() ? linger : positive("linger", linger);
        return this;
    }

    @Override
    public Patchkey.Builder bearerToken(Supplier<String> token) {
        this.bearerToken = Objects.requireNonNull(token, "token");
        return this;
    }

    @Override
    public Patchkey.Builder sslContext(Supplier<SSLContext> context) {
        this.sslContext = Objects.requireNonNull(context, "context");
        return this;
    }

    @Override
    public Patchkey.Builder logger(System.Logger logger) {
        this.logger = Objects.requireNonNull(logger, "logger");
        return this;
    }

    @Override
    public Patchkey start() {
        return Node.start(config());
    }

    Config config() {
        return new Config(
                List.copyOf(services),
                node,
                application,
                applicationVersion,
                prefixes,
                stalePolicy,
                Map.copyOf(stalePolicies),
                acquireTimeout,
                connectTimeout,
                requestTimeout,
                linger,
                bearerToken,
                sslContext,
                SafeLogger.of(logger));
    }

    private static Duration positive(String name, Duration duration) {
        Objects.requireNonNull(duration, name);
        check(
                !duration.isNegative() && !duration.isZero() && duration.compareTo(LONGEST) <= 0,
                name + " must be positive and at most " + LONGEST);
        return duration;
    }

    private static void check(boolean condition, String rule) {
        if (!condition) {
            throw new IllegalArgumentException(rule);
        }
    }
}
