package dev.patchkey.statickey;

/**
 * A value chosen by a key, a constant in the compiled code: calls on it are bound directly.
 *
 * <pre>{@code
 * static final StaticCall<Codec> CODEC = TRACE.select(plain, traced);
 *
 * CODEC.get().encode(order);
 * }</pre>
 *
 * <p>Folds where a {@link StaticKey} does. Refers to its key and both its values. Made by {@link StaticKey#select}.
 *
 * @param <T> what is chosen
 */
public sealed interface StaticCall<T> permits SelectedCall {

    /** The key that chooses. */
    StaticKey key();

    /**
     * The value for a disabled or an enabled key, by one test of the key with all that {@link StaticKey#isEnabled()}
     * promises. A caller that needs the same value twice keeps it in a local variable.
     */
    T get();
}
