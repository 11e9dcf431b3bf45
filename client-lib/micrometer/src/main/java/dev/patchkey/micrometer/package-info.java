/**
 * What a node tells Micrometer: {@link dev.patchkey.micrometer.PatchkeyMetrics}.
 *
 * <p>Lives here: the names of the meters, and the bound on those that are by key. May not be imported here: anything but
 * the JDK, Micrometer, and what {@code dev.patchkey.client} exports.
 */
@NullMarked
package dev.patchkey.micrometer;

import org.jspecify.annotations.NullMarked;
