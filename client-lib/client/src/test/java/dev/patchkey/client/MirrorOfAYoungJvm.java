package dev.patchkey.client;

import dev.patchkey.statickey.mirror.Mirror;
import dev.patchkey.statickey.mirror.MirroredState;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The JVM's mirror as if nothing had been mirrored in it before: the tests of a run share one JVM, and nodes do not. */
class MirrorOfAYoungJvm implements Mirror {

    private final Mirror mirror = Mirror.attach();

    @Override
    public boolean apply(String key, int count, long epoch, long revision) {
        return mirror.apply(key, count, epoch, revision);
    }

    @Override
    public void stale(String key) {
        mirror.stale(key);
    }

    @Override
    public @Nullable MirroredState state(String key) {
        return mirror.state(key);
    }

    @Override
    public boolean isLocal(String key) {
        return mirror.isLocal(key);
    }

    @Override
    public Set<String> known() {
        return Set.of();
    }

    @Override
    public Map<String, Integer> declared() {
        return mirror.declared();
    }

    @Override
    public int callSites(String key) {
        return mirror.callSites(key);
    }

    @Override
    public void close() {
        mirror.close();
    }
}
