package dev.patchkey.statickey;

import dev.patchkey.statickey.mirror.MirroredState;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** The static key as a subject of checks. */
final class OurKey implements Deferring {

    private final AtomicInteger word;
    private final KeyCore core;
    private final FoldedKey key;

    OurKey(Site.Factory site, int count) {
        this(site, Timer.ofTheJdk(), count);
    }

    OurKey(Site.Factory site, Timer timer, int count) {
        word = new AtomicInteger(count);
        core = new KeyCore("checked", site, timer, word, null);
        key = new FoldedKey("checked", core.site(), core, new Attachments());
        core.key(new WeakReference<>(key));
    }

    FoldedKey key() {
        return key;
    }

    @Override
    public boolean isEnabled() {
        return key.isEnabled();
    }

    @Override
    public int count() {
        return key.count();
    }

    @Override
    public int word() {
        return word.get();
    }

    @Override
    public void increment() {
        core.increment();
    }

    @Override
    public void decrement() {
        core.decrement();
    }

    @Override
    public void deferDisable(Duration delay) {
        key.deferDisable(delay);
    }

    @Override
    public void flush() {
        key.flush();
    }

    @Override
    public boolean apply(int count, long epoch, long revision) {
        return core.apply(MirroredState.applied(count, epoch, revision)) == KeyCore.Applied.NEWER;
    }

    @Override
    public void stale() {
        core.stale();
    }

    @Override
    public @Nullable MirroredState state() {
        return core.mirrored();
    }

    @Override
    @SuppressWarnings("resource") // stays registered
    public void beforeEnable(Runnable action) {
        key.beforeEnable(action);
    }
}
