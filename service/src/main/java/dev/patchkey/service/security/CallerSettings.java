package dev.patchkey.service.security;

import dev.patchkey.service.refcount.KeyName;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The rules for what settings say of a caller. What breaks one is named, and never shown: it may be a secret. */
final class CallerSettings {

    /** More than a team has names for its keys. */
    static final int MOST_PREFIXES = 100;

    private static final Set<String> RESERVED = Set.of(Caller.ANONYMOUS, Caller.JWT_NAMESPACE);

    private CallerSettings() {}

    static String name(String setting, @Nullable String name) {
        require(
                name != null && Caller.isName(name) && !RESERVED.contains(name),
                setting + ".name must be " + Caller.NAME_RULE + ", and neither anonymous nor jwt");
        return String.valueOf(name);
    }

    static Role role(String setting, @Nullable String role) {
        return Role.of(String.valueOf(role))
                .orElseThrow(() -> new IllegalArgumentException(setting + ".role must be " + Role.WORDS));
    }

    /**
     * Without any of what may be changed it is refused: a field that is missing, or whose name is misspelt, must not open
     * all keys. Without any of what may be read besides, nothing may.
     */
    static Prefixes prefixes(String setting, List<String> prefixes, List<String> readPrefixes) {
        require(!prefixes.isEmpty() && arePrefixes(prefixes), rule(setting + ".prefixes", 1));
        require(arePrefixes(readPrefixes), rule(setting + ".read-prefixes", 0));
        return new Prefixes(prefixes, readPrefixes);
    }

    private static String rule(String setting, int least) {
        return setting + " must be " + least + " to " + MOST_PREFIXES + " beginnings of keys, each " + KeyName.RULE
                + ", or '" + Caller.ANY_KEY + "' for all keys";
    }

    private static boolean arePrefixes(List<String> prefixes) {
        return prefixes.size() <= MOST_PREFIXES && prefixes.stream().allMatch(CallerSettings::isPrefix);
    }

    /** Whether this is how a setting or a claim writes a prefix. */
    static boolean isPrefix(String prefix) {
        return prefix.equals(Caller.ANY_KEY) || KeyName.isValid(prefix);
    }

    static void require(boolean rule, String otherwise) {
        if (!rule) {
            throw new IllegalArgumentException(otherwise);
        }
    }
}
