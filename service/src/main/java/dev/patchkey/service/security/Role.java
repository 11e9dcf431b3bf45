package dev.patchkey.service.security;

import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** What a caller may do. */
public enum Role {
    /** Read and watch. */
    OBSERVER,
    /** Open a channel, and change the holds that are named after its own nodes. Not an observer of anything else. */
    NODE,
    /** An observer that changes keys and holds. */
    OPERATOR,
    /** An operator that deletes keys, changes holds of others, sees which tokens there are, and changes pods themselves. */
    ADMIN;

    /** All roles as a sentence lists them. */
    static final String WORDS = "observer, node, operator or admin";

    /** The role by its name in settings and claims. */
    static Optional<Role> of(String word) {
        return Arrays.stream(values()).filter(role -> role.word().equals(word)).findFirst();
    }

    /** Its name in settings, claims and errors. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The given roles, and those that they contain. */
    static Set<Role> withContained(Collection<Role> given) {
        EnumSet<Role> all = EnumSet.noneOf(Role.class);
        for (Role role : given) {
            all.addAll(
                    switch (role) {
                        case OBSERVER, NODE -> EnumSet.of(role);
                        case OPERATOR -> EnumSet.of(OBSERVER, OPERATOR);
                        case ADMIN -> EnumSet.of(OBSERVER, OPERATOR, ADMIN);
                    });
        }
        return Collections.unmodifiableSet(all);
    }

    /** Such as {@code node or operator}. */
    static String either(Collection<Role> roles) {
        return roles.stream().sorted().map(Role::word).collect(Collectors.joining(" or "));
    }
}
