package dev.patchkey.service.store.jdbc;

import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.store.CountsMap;
import dev.patchkey.service.store.Published;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The map of a pod, for tests in which some of it goes wrong. */
abstract class ForwardingMap implements CountsMap {

    private final CountsMap real;

    ForwardingMap(CountsMap real) {
        this.real = real;
    }

    @Override
    public void publish(Collection<Published> states) {
        real.publish(states);
    }

    @Override
    public @Nullable Published get(KeyName key) {
        return real.get(key);
    }

    @Override
    public Map<KeyName, Published> getAll(Set<KeyName> keys) {
        return real.getAll(keys);
    }

    @Override
    public void announce(Advance advance) {
        real.announce(advance);
    }

    @Override
    public void onAnnounced(Consumer<Advance> listener) {
        real.onAnnounced(listener);
    }

    @Override
    public void onDisturbance(Runnable listener) {
        real.onDisturbance(listener);
    }
}
