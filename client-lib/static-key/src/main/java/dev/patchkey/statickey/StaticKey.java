package dev.patchkey.statickey;

import java.time.Duration;

/**
 * A reference-counted switch whose test is a constant in the compiled code.
 *
 * <pre>{@code
 * private static final StaticKey TRACE = StaticKey.of("checkout.trace");
 *
 * if (TRACE.isEnabled()) { ... }
 * }</pre>
 *
 * <p>A key is enabled if and only if its count is positive. Crossing between 0 and a positive count is an
 * <em>edge</em>, which rebinds the key's one call site, and so changes every piece of compiled code that tests the key;
 * a change of the count that crosses no edge rebinds nothing.
 *
 * <p>A key is either <em>local</em>, counted by {@link #enable()} and told what to do by {@link #deferDisable}, or
 * <em>mirrored</em>, its count set by the mirror of the cluster's count. Which of the two is decided by the first of
 * these that happens to it and does not change while the key exists; mixing them is an {@link IllegalStateException}.
 *
 * <p><b>Promise.</b> For every observer {@code isEnabled() == (count() > 0)}, linearizably: the moment at which the
 * count is published is the moment at which the key changes for everybody. Once any thread has seen the key enabled in
 * any way, every later test takes the enabled path until a disable begins, and the other way round. While an edge is in
 * progress and the count is not yet published, the key reads as it did before.
 *
 * <p><b>Not promised.</b> When a disable has returned, a thread that passed its test before may still be inside the
 * guarded region. Guarded code reads the resource it needs once, into a local variable, and leaves the rest to the
 * garbage collector.
 *
 * <p><b>Memory effects.</b> A test has the effects of a volatile read, and the edge that it sees those of a volatile
 * write: what a thread did before it enabled a key, and what the key's {@linkplain #beforeEnable preparations} did,
 * happens-before the region guarded by a test that saw that enable.
 *
 * <p><b>What folds.</b> A key in a {@code static final} field, in a component of a record that is itself a constant, or
 * captured by a lambda that is a constant. What does not: a key in an ordinary object's field, even a final one, in an
 * array or in an {@code Optional}; its tests are correct and cost a few loads.
 *
 * <p>Keys are safe for use by all threads. Two keys are equal if and only if they are the same key.
 */
public sealed interface StaticKey permits FoldedKey {

    /**
     * The key of this name; the same key to all callers, for as long as it is reachable.
     *
     * <p>Takes no lock that is held while a key is rebound, does no I/O and runs no action, so it is fit for class
     * initialisers. A key whose cluster's count is known by now, because the mirror was told before anybody asked for
     * the key, is enabled or disabled accordingly from the start.
     *
     * <p>One load of this library has one key of a name; two loads in one JVM have one each. The registry does not keep
     * a key alive: an {@link Enablement}, a {@link StaticCall}, a {@link Registration} or whoever else refers to it
     * does. What the registry does keep is a positive or mirrored count, so that such a key made again is as it was,
     * but for its preparations. A local key that is collected while its count is 0 is forgotten: made again, it has no
     * {@linkplain #deferDisable delay} and is not local until something makes it so.
     *
     * @param name 1 to 128 characters of {@code [a-z0-9._-]}, starting with a letter or digit
     * @throws NullPointerException if the name is null
     * @throws IllegalArgumentException if the name breaks that rule
     * @throws IllegalStateException if called by an action given to {@link #beforeEnable}
     */
    static StaticKey of(String name) {
        return Registry.GLOBAL.of(name);
    }

    /**
     * A new key that no registry knows and no mirror sets: for tests.
     *
     * @param name as for {@link #of}; several detached keys may have one name
     * @throws NullPointerException if the name is null
     * @throws IllegalArgumentException if the name breaks the rule
     * @throws IllegalStateException if called by an action given to {@link #beforeEnable}
     */
    static StaticKey detached(String name) {
        return Registry.detached(name);
    }

    /** The name of this key. */
    String name();

    /**
     * Whether the count is positive. Takes no lock, allocates nothing, and once compiled by C2 for a key that is a
     * constant, is a constant.
     */
    boolean isEnabled();

    /**
     * The count: 0 or the number of references. Never negative: while the key is being enabled and is not yet, 0. A
     * mirrored key that has gone stale and is therefore disabled has count 0 as well. The reference that a
     * {@linkplain #deferDisable deferred} disable keeps is one of the number.
     */
    int count();

    /**
     * Takes a reference to this local key, and so enables it if it was disabled.
     *
     * <p>Returns when the key is enabled for every thread; if this call or one that it met crossed the edge, only after
     * the rebinding has finished. The count's increment is the linearization point.
     *
     * <p>If crossing the edge fails before the count is published, nothing has changed, and what failed is thrown. If
     * the call site cannot be rebound after that, the key is enabled and correct but its tests are slow; that is
     * logged, not thrown, and every later change of the key tries it again.
     *
     * @return the reference; closing it gives it back
     * @throws IllegalStateException if this key is mirrored, or if called by an action given to {@link #beforeEnable};
     *     nothing has changed
     * @throws MaximumCountException if the count is at its maximum of 2<sup>31</sup>-1; nothing has changed
     * @throws RuntimeException what a {@linkplain #beforeEnable preparation} threw; nothing has changed
     */
    Enablement enable();

    /**
     * Defers the disable of this local key: a reference that is the last one when it is given back is kept for so long,
     * so that enabling the key again meanwhile rebinds nothing. For a key that is enabled and disabled again and again:
     * its edges down come at most once in a delay.
     *
     * <pre>{@code
     * private static final StaticKey CAPTURE = StaticKey.of("capture");
     *
     * static {
     *     CAPTURE.deferDisable(Duration.ofSeconds(5));
     * }
     * }</pre>
     *
     * <p>The {@link Enablement#close} that gives the last reference back rebinds nothing. Until the delay is over, the
     * key <em>is</em> enabled: the kept reference is one of its count, which is 1, and every test takes the enabled
     * path. Then a thread of the JDK's gives it back: if it is still the last, that disables the key, as a close does.
     * The delay is at least as long as given, by a monotonic clock; it begins with the close that found no other
     * reference, and enabling and closing the key meanwhile does not begin it anew.
     *
     * <p>If that disable fails, it is logged, the key stays enabled and the reference kept, and it is tried again after
     * a further delay of at least a second.
     *
     * <p>Waits for a change of the key in progress. So in a class initialiser call this, and {@link #flush()}, before
     * {@link #beforeEnable}: a preparation that uses the class would wait for its initialiser, and that for the
     * preparation.
     *
     * <p>Concerns the closes from now on; for one that is deferred already see {@link #flush()}. The mirror's changes
     * are never deferred: this makes the key local, as {@link #enable()} does. Keep the key, as a static key is kept
     * anyway: one that is collected while its count is 0 is forgotten with its delay.
     *
     * @param delay zero, as it is without this call, to not defer at all; at most 1 hour
     * @throws NullPointerException if the delay is null
     * @throws IllegalArgumentException if the delay is negative or longer than that
     * @throws IllegalStateException if this key is mirrored, or if called by an action given to {@link #beforeEnable};
     *     nothing has changed
     */
    void deferDisable(Duration delay);

    /**
     * Completes a {@linkplain #deferDisable deferred} disable, if one is pending, before it returns: gives the kept
     * reference back, which disables the key if it is the last. Whoever completes it, this call or a timer that is just
     * at it, every test sees it afterwards. For tests, and for shutting down: an application that goes while others in
     * the JVM stay sets the delay of its keys to zero and flushes them, so that no timer refers to it any more.
     *
     * <p>A no-op if nothing is pending, so for mirrored keys always; it then waits for a change of the key in progress.
     *
     * <p>If the rebind fails before the count is published, what failed is thrown and the disable is pending as before;
     * if it fails after that, the key is disabled and correct but its tests are slow.
     *
     * @throws IllegalStateException if called by an action given to {@link #beforeEnable}; nothing has changed
     */
    void flush();

    /**
     * A value chosen by this key: {@code off} while it is disabled, {@code on} while it is enabled.
     *
     * <p>Decided by this key's own call site, so that a static call and the key's tests never contradict each other.
     *
     * @throws NullPointerException if either value is null
     */
    <T> StaticCall<T> select(T off, T on);

    /**
     * Registers a preparation: an action that must be complete before anybody sees this key enabled.
     *
     * <p>It runs on the thread that enables the key, each time an edge enables it, after the preparations registered
     * before it, and under the key's lock: while it runs the key reads as disabled, and other changes of the key wait.
     * It should be idempotent, for there is no undo: a later action that throws, or a rebind that fails, leaves the key
     * disabled although this one has run. It should be short. What it did happens-before all that follows a test that
     * sees the key enabled. The context class loader of that thread is the caller's for a local key, and this library's
     * for a mirrored one, which a thread of the library's enables; an action that needs a certain one names it.
     *
     * <p>If the key is enabled already, the action runs at once, on this thread, before this method returns; a test
     * made before that may have seen the key enabled without it. Register preparations in the class initialiser that
     * makes the key and ahead of any test of it: then class initialisation lets nobody pass before they are complete.
     *
     * <p>An action that throws leaves the key disabled; what it threw is thrown to whoever enables the key. An action
     * may read keys. It may not change, make or acquire one, nor register or remove a preparation, for any key, itself
     * or by initialising a class that does: that is refused with an {@link IllegalStateException}. It may not wait for
     * another thread that does so either; this goes undetected, and hangs. If it uses the class whose initialiser
     * registers it, it may have to wait for the end of that initialiser, which then must not change the key, nor
     * register another preparation of it, after this one: there, {@link #deferDisable} and {@link #flush()} come before
     * this call.
     *
     * <p>The key refers to the action, and so to the action's class loader; nothing in this library that outlives the
     * key does. A preparation lasts until its registration is closed or the key object becomes unreachable, so whoever
     * registers one keeps the key, or the registration, as a static key is kept anyway.
     *
     * @return closing it removes the action; it waits for a change of the key in progress, and closing it twice is a
     *     no-op
     * @throws RuntimeException what the action threw, if the key was enabled; it is then not registered
     * @throws IllegalStateException if called by such an action
     */
    Registration beforeEnable(Runnable action);
}
