package dev.patchkey.service.security;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Bearer tokens, of which only the hashes are known. Immutable.
 *
 * <p>A token is {@code pk_} and 256 random bits. The form is checked when a token is shown, so that the hash of a password
 * that somebody has thought up opens nothing. With so many bits a hash needs neither salt nor stretching, and to look it
 * up in a map tells by its time nothing that brings a guess nearer.
 */
public final class Tokens {

    /** What each token begins with, so that it is known for what it is where it should not be. */
    static final String MARK = "pk_";

    /** Of 32 bytes in Base64 for URLs. */
    private static final Pattern FORM = Pattern.compile(MARK + "[A-Za-z0-9_-]{43}");

    private static final String ALGORITHM = "sha256:";
    private static final Pattern HASH = Pattern.compile(ALGORITHM + "[0-9a-f]{64}");

    /** Two are valid while a caller changes from one to the other; more, if its parts do so one after the other. */
    private static final int MOST_HASHES = 10;

    private static final int MOST_TOKENS = 10_000;

    static final Tokens NONE = new Tokens(List.of(), Map.of());

    /**
     * One caller's tokens, as admins see them.
     *
     * @param hashes how many tokens are valid
     */
    public record Known(String name, Role role, List<String> prefixes, List<String> readPrefixes, int hashes) {}

    private final List<Known> known;
    private final Map<String, Caller> byHash;

    private Tokens(List<Known> known, Map<String, Caller> byHash) {
        this.known = known;
        this.byHash = byHash;
    }

    /**
     * @param setting what to call the list in errors
     * @throws IllegalArgumentException that names the rule that is broken, and where, and shows no value
     */
    static Tokens of(String setting, List<TokenSettings> settings) {
        CallerSettings.require(settings.size() <= MOST_TOKENS, setting + " must be at most " + MOST_TOKENS);
        List<Known> known = new ArrayList<>();
        Map<String, Caller> byHash = new HashMap<>();
        Set<String> names = new HashSet<>();
        for (int i = 0; i < settings.size(); i++) {
            String one = setting + "[" + i + "]";
            TokenSettings token = settings.get(i);
            String name = CallerSettings.name(one, token.name());
            CallerSettings.require(names.add(name), one + ".name must be given once: a caller may have several hashes");
            Role role = CallerSettings.role(one, token.role());
            Prefixes keys = CallerSettings.prefixes(one, token.prefixes(), token.readPrefixes());
            CallerSettings.require(
                    !token.hashes().isEmpty()
                            && token.hashes().size() <= MOST_HASHES
                            && token.hashes().stream().allMatch(HASH.asMatchPredicate()),
                    one + ".hashes must be 1 to " + MOST_HASHES
                            + " hashes of tokens, each sha256: and 64 hexadecimal digits in lower case");
            for (String hash : token.hashes()) {
                Caller before = byHash.put(hash, Caller.named(name, role, keys, hash));
                CallerSettings.require(before == null, one + ".hashes must have no hash that was given before");
            }
            known.add(new Known(
                    name, role, keys.changed(), keys.read(), token.hashes().size()));
        }
        return new Tokens(List.copyOf(known), Map.copyOf(byHash));
    }

    /**
     * Both together.
     *
     * @throws IllegalArgumentException if they have a name or a hash in common
     */
    Tokens and(Tokens others, String setting) {
        List<Known> all = new ArrayList<>(known);
        all.addAll(others.known);
        Map<String, Caller> both = new HashMap<>(byHash);
        both.putAll(others.byHash);
        boolean apart = both.size() == byHash.size() + others.byHash.size()
                && all.stream().map(Known::name).distinct().count() == all.size();
        CallerSettings.require(apart, setting + " must have no name and no hash that patchkey.security.tokens has");
        return new Tokens(List.copyOf(all), Map.copyOf(both));
    }

    static boolean isToken(String shown) {
        return shown.startsWith(MARK);
    }

    /** Whose token it is; null if nobody's. */
    @Nullable Caller find(String shown) {
        return FORM.matcher(shown).matches() ? byHash.get(hash(shown)) : null;
    }

    /** Whether the caller's token would be taken now, for the same rights. */
    boolean stillKnow(Caller caller) {
        return caller.credential() != null && caller.equals(byHash.get(caller.credential()));
    }

    List<Known> known() {
        return known;
    }

    private static String hash(String token) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.US_ASCII));
            return ALGORITHM + HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
