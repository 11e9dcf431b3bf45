package dev.patchkey.statickey;

import java.lang.invoke.MethodHandle;
import java.time.Duration;
import java.util.Objects;

/**
 * The static key as a record, so that the JIT trusts its components and folds the target of its call site.
 *
 * <p>Top-level and package-private: the site stays out of reach, since a target set by anybody else would break every
 * promise of the key.
 *
 * @param name the key's name
 * @param site the key's call site
 * @param core the key's state, which may outlive this object
 * @param attachments what refers to the application's classes, and ends with this object
 */
record FoldedKey(String name, Site site, KeyCore core, Attachments attachments) implements StaticKey {

    @Override
    public boolean isEnabled() {
        MethodHandle target = site.target();
        return target == Targets.ON || (target != Targets.OFF && core.count() > 0);
    }

    @Override
    public int count() {
        return core.count();
    }

    @Override
    public Enablement enable() {
        Preparing.refuse("enable key", name);
        core.increment();
        return new Enablement(this);
    }

    @Override
    public void deferDisable(Duration delay) {
        if (Objects.requireNonNull(delay, "delay").isNegative() || delay.compareTo(KeyCore.LONGEST_DELAY) > 0) {
            throw new IllegalArgumentException(
                    "delay must be from zero to " + KeyCore.LONGEST_DELAY + ", but was " + delay);
        }
        Preparing.refuse("defer the disable of key", name);
        core.deferDisable(delay.toNanos());
    }

    @Override
    public void flush() {
        Preparing.refuse("flush key", name);
        core.flush();
    }

    @Override
    public <T> StaticCall<T> select(T off, T on) {
        SelectedCall<T> call =
                new SelectedCall<>(this, Objects.requireNonNull(off, "off"), Objects.requireNonNull(on, "on"));
        attachments.staticCalls().incrementAndGet();
        return call;
    }

    @Override
    public Registration beforeEnable(Runnable action) {
        Objects.requireNonNull(action, "action");
        Preparing.refuse("register a preparation of key", name);
        Preparation preparation = new Preparation(this, action);
        core.prepare(preparation);
        return preparation;
    }

    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }

    @Override
    public String toString() {
        return "StaticKey[" + name + ", " + core + "]";
    }
}
