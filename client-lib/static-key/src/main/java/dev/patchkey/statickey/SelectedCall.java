package dev.patchkey.statickey;

/** A static call as a record, so that the JIT trusts its components: the key's test folds, and then the value does. */
record SelectedCall<T>(FoldedKey key, T off, T on) implements StaticCall<T> {

    @Override
    public T get() {
        return key.isEnabled() ? on : off;
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
        return "StaticCall[" + key.name() + "]";
    }
}
