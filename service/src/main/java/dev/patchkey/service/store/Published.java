package dev.patchkey.service.store;

import dev.patchkey.service.refcount.KeyState;
import dev.patchkey.service.refcount.Version;
import org.jspecify.annotations.Nullable;

/**
 * A key's state as the authority left it, as the pods pass it on.
 *
 * @param state the key
 * @param epoch the life of the store that wrote it
 * @param written the number of the write within the epoch, which orders the states of one key; a renewal has one too,
 *     though it takes no revision
 */
public record Published(KeyState state, long epoch, long written) {

    public Version version() {
        return new Version(epoch, state.revision());
    }

    /** Whether this comes after the other; true where there is no other. */
    public boolean isNewerThan(@Nullable Published other) {
        return other == null || (epoch != other.epoch ? epoch > other.epoch : written > other.written);
    }

    public View.Entry entry() {
        return new View.Entry(state.key(), state.count(), version());
    }
}
