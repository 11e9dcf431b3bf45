package dev.patchkey.client;

import dev.patchkey.client.protocol.NodeMessages.Excepted;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a session has to say of what is applied, while it cannot yet: two announcements at most. For the channel's thread
 * alone.
 */
final class Announcements {
    /*
     * A newer one says all that an older one does, and replaces it, unless it excepts a key that the older does not. Were
     * that replaced too, a key that flaps might never be said to be applied, though it is between any two of its flaps: so
     * the older is kept, to be sent first. If another is kept already, the two become one, which says what either did of
     * the messages up to the number of the older: of each of them a key is applied unless both except it.
     */

    /** Each message up to n is applied, but for the excepted keys. */
    record Announcement(long n, List<Excepted> except) {}

    private @Nullable Announcement kept;
    private @Nullable Announcement newest;

    void add(long n, List<Excepted> except) {
        Announcement next = new Announcement(n, except);
        Announcement older = newest;
        if (older != null && !keys(older).containsAll(keys(next))) {
            kept = kept == null ? older : both(kept, older);
        }
        newest = next;
    }

    private static Announcement both(Announcement first, Announcement second) {
        Set<String> again = keys(second);
        return new Announcement(
                first.n,
                first.except.stream()
                        .filter(excepted -> again.contains(excepted.key()))
                        .toList());
    }

    private static Set<String> keys(Announcement announcement) {
        return announcement.except.isEmpty()
                ? Set.of()
                : announcement.except.stream().map(Excepted::key).collect(Collectors.toCollection(HashSet::new));
    }

    /** The next to be sent; null if there is none. */
    @Nullable Announcement poll() {
        Announcement next = kept;
        if (next != null) {
            kept = null;
            return next;
        }
        next = newest;
        newest = null;
        return next;
    }
}
