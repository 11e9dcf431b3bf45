/**
 * Static keys: reference-counted switches whose test is a constant in the compiled code.
 *
 * <p>Lives here: {@link dev.patchkey.statickey.StaticKey}, its static calls, its registry. May not be imported here:
 * anything but the JDK.
 */
@NullMarked
package dev.patchkey.statickey;

import org.jspecify.annotations.NullMarked;
