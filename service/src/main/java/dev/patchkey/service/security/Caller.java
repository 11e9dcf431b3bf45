package dev.patchkey.service.security;

import dev.patchkey.service.refcount.Holder;
import dev.patchkey.service.refcount.KeyName;
import java.security.Principal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Whoever asks, over HTTP or by the channel. Both edges take the caller from here, or a node could not change the holds of
 * its own connection.
 *
 * <p>Names of callers hold no colon, but for the one behind {@code jwt}, with which every name begins that an issuer of
 * JWTs has given. So what is bound to a caller, {@code name:rest}, is never bound to another one as well.
 *
 * @param name for the audit, for telling callers' requests apart, and for whose a node or holder is
 * @param roles with all that they contain
 * @param prefixes only keys with one of these may the caller change: sorted, none the beginning of another. The empty
 *     prefix stands for all keys, no prefix for none
 * @param readable only keys with one of these may it read: those that it may change, and others
 * @param credential the hash of the token that was shown, or the configured subject of the certificate; null for other
 *     credentials
 * @param until when the credential ends; null for never
 */
public record Caller(
        String name,
        Set<Role> roles,
        List<String> prefixes,
        List<String> readable,
        @Nullable String credential,
        @Nullable Instant until) {

    /** The name of a caller whom nothing has authenticated. */
    public static final String ANONYMOUS = "anonymous";

    /** What the names of callers begin with whom an issuer of JWTs has named. */
    static final String JWT_NAMESPACE = "jwt";

    private static final char OWNS = ':';

    /** The rule for a name that a setting gives, in the words that errors use. */
    static final String NAME_RULE = "1 to 64 characters of [A-Za-z0-9._@-], starting with a letter or digit";

    /** The most characters in a name, without what stands before that of a JWT. */
    static final int LONGEST_NAME = 64;

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._@-]{0," + (LONGEST_NAME - 1) + "}");

    /** How settings and claims write the empty prefix, which they never leave out. */
    static final String ANY_KEY = "*";

    private static final List<String> ALL_KEYS = List.of("");

    /** Everybody, where the service knows no credentials: may do everything, and what it names is bound to nobody. */
    public static final Caller EVERYBODY =
            new Caller(ANONYMOUS, EnumSet.allOf(Role.class), ALL_KEYS, ALL_KEYS, null, null);

    /** Sorts the prefixes, and leaves out those that others cover. What may be changed may be read. */
    public Caller {
        roles = Set.copyOf(roles);
        readable = least(Stream.concat(prefixes.stream(), readable.stream()));
        prefixes = least(prefixes.stream());
    }

    private static List<String> least(Stream<String> prefixes) {
        List<String> least = new ArrayList<>();
        for (String prefix : prefixes.sorted().toList()) {
            // In this order what covers a prefix stands before it.
            if (least.stream().noneMatch(prefix::startsWith)) {
                least.add(prefix);
            }
        }
        return List.copyOf(least);
    }

    static boolean isName(String name) {
        return NAME.matcher(name).matches();
    }

    /**
     * Whoever has been given a token or a certificate.
     *
     * @param keys which it may use
     */
    static Caller named(String name, Role role, Prefixes keys, @Nullable String credential) {
        return new Caller(
                name, Role.withContained(List.of(role)), plain(keys.changed()), plain(keys.read()), credential, null);
    }

    /**
     * Whoever has been given a JWT.
     *
     * @param name as {@link NameEscape} writes it
     * @param keys which it may use
     */
    static Caller ofJwt(String name, Collection<Role> roles, Prefixes keys, @Nullable Instant until) {
        return new Caller(
                JWT_NAMESPACE + OWNS + name,
                Role.withContained(roles),
                plain(keys.changed()),
                plain(keys.read()),
                null,
                until);
    }

    /** The same caller, whatever it has shown. */
    Caller withoutCredential() {
        return new Caller(name, roles, prefixes, readable, null, until);
    }

    /** The same caller, for as long as what it has shown is good. */
    Caller goodUntil(Instant end) {
        return new Caller(name, roles, prefixes, readable, credential, end);
    }

    private static List<String> plain(List<String> prefixes) {
        return prefixes.stream()
                .map(prefix -> prefix.equals(ANY_KEY) ? "" : prefix)
                .toList();
    }

    /**
     * Who asks.
     *
     * @param principal as the security filters have left it in the request
     * @throws IllegalStateException if no filter has said who asks: then nobody may do anything
     */
    public static Caller of(@Nullable Principal principal) {
        if (principal instanceof CallerAuthentication authenticated) {
            return authenticated.caller();
        }
        throw new IllegalStateException("A request has come past the filters that say who asks");
    }

    boolean hasAny(Collection<Role> wanted) {
        return wanted.stream().anyMatch(roles::contains);
    }

    /**
     * For calls that take a role.
     *
     * @throws ForbiddenException if the caller does not have it
     */
    public void require(Role role) {
        if (!roles.contains(role)) {
            throw lacks(List.of(role));
        }
    }

    ForbiddenException lacks(Collection<Role> wanted) {
        return new ForbiddenException("This call takes the role %s; the caller %s has %s"
                .formatted(Role.either(wanted), name, roles.isEmpty() ? "none" : "only " + Role.either(roles)));
    }

    /** Whether the caller may read the key if its roles let it read any. */
    public boolean mayRead(KeyName key) {
        return readable.stream().anyMatch(key.value()::startsWith);
    }

    /** Whether the caller may change the key if its roles let it change any. */
    public boolean mayChange(KeyName key) {
        return prefixes.stream().anyMatch(key.value()::startsWith);
    }

    /**
     * For calls that read a key.
     *
     * @throws ForbiddenException if the caller may not
     */
    public void requireToRead(KeyName key) {
        if (!mayRead(key)) {
            throw new ForbiddenException("The key " + key + " has none of the prefixes " + readable
                    + " of the keys that the caller " + name + " may read");
        }
    }

    /**
     * For calls that change a key.
     *
     * @throws ForbiddenException if the caller may not
     */
    public void requireToChange(KeyName key) {
        if (!mayChange(key)) {
            throw new ForbiddenException("The key " + key + " has none of the prefixes " + prefixes
                    + " of the keys that the caller " + name + " may change");
        }
    }

    /**
     * For calls that tell of all keys.
     *
     * @throws ForbiddenException if some are none of the caller's business
     */
    void requireAllKeys() {
        if (!readable.equals(ALL_KEYS)) {
            throw new ForbiddenException("This call tells of all keys; the caller " + name
                    + " may read only those with one of the prefixes " + readable);
        }
    }

    /**
     * What of the keys with this prefix the caller may read: prefixes in the order of names, none the beginning of
     * another.
     *
     * @throws ForbiddenException if nothing is
     */
    public List<String> within(String prefix) {
        if (readable.stream().anyMatch(prefix::startsWith)) {
            return List.of(prefix);
        }
        List<String> narrower =
                readable.stream().filter(own -> own.startsWith(prefix)).toList();
        if (narrower.isEmpty()) {
            throw new ForbiddenException("The caller " + name + " may read keys with one of the prefixes " + readable
                    + ", and no key that starts with '" + prefix + "' has one");
        }
        return narrower;
    }

    /**
     * The caller's own node of that id, by the name that it has for all others.
     *
     * @throws IllegalArgumentException if the two names together are longer than a holder's, or if the id looks as if it
     *     were bound and nobody in particular asks
     */
    public Holder node(String id) {
        if (isEverybody()) {
            Holder own = new Holder(id);
            if (!mayTake(own)) {
                throw new IllegalArgumentException("node must have no colon where the service lets everybody in");
            }
            return own;
        }
        String bound = name + OWNS + id;
        if (!Holder.isValid(bound)) {
            throw new IllegalArgumentException("node must be " + Holder.RULE
                    + ", and so must be its name with the caller's before it: " + name + OWNS);
        }
        return new Holder(bound);
    }

    /**
     * For calls that change an operator's hold. Admins may name any holder; others only those that are bound to them.
     *
     * @throws ForbiddenException if the holder is bound to another caller, or to none
     */
    public void require(Holder holder) {
        boolean own = holder.value().equals(name) || holder.value().startsWith(name + OWNS);
        if (!own && !roles.contains(Role.ADMIN)) {
            throw new ForbiddenException(
                    "The caller %s may change holds of %s and of %s%s..., and not of %s; an admin may"
                            .formatted(name, name, name, OWNS, holder));
        }
    }

    /**
     * Whether the caller may begin to hold by that name, if it is one of those that it may change. A name with a colon
     * is some caller's own: were it free to take while everybody is let in, it would be that caller's afterwards.
     */
    public boolean mayTake(Holder holder) {
        return !isEverybody() || holder.value().indexOf(OWNS) < 0;
    }

    /**
     * What limits count by.
     *
     * @param address where the request comes from: of callers who are nobody it is all that tells them apart
     */
    public String countedAs(String address) {
        return isEverybody() ? address : name;
    }

    /** Whether this is whoever reaches a service that knows no credentials. */
    public boolean isEverybody() {
        return name.equals(ANONYMOUS);
    }

    /** Without the credential, so that no log has it. */
    @Override
    public String toString() {
        return "%s %s %s %s".formatted(name, roles, prefixes, readable);
    }
}
