/**
 * Static keys: reference-counted switches whose test is a constant in the compiled code.
 *
 * <p>Lives here: {@link dev.patchkey.statickey.StaticKey}, its static calls, its registry. May not be imported here:
 * anything but the JDK and {@code dev.patchkey.statickey.mirror}, which the registry implements.
 */
@NullMarked
package dev.patchkey.statickey;

import org.jspecify.annotations.NullMarked;
