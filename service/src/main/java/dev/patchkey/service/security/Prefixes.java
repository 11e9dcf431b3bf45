package dev.patchkey.service.security;

import java.util.List;

/**
 * Which keys a caller may use, as settings and claims write it: by prefixes, and {@code *} for all keys.
 *
 * @param changed of the keys that it may change if its role lets it change any; it may read them too
 * @param read of the keys that it may read besides
 */
record Prefixes(List<String> changed, List<String> read) {

    Prefixes {
        changed = List.copyOf(changed);
        read = List.copyOf(read);
    }
}
