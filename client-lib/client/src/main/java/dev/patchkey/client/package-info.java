/**
 * The node's side of Patchkey: {@link dev.patchkey.client.Patchkey} and what it is made of.
 *
 * <p>Lives here: the channel to the service, the rebinder that brings its changes to the static keys, the node's holds.
 * May not be imported here: anything but the JDK, {@code dev.patchkey.statickey} and
 * {@code dev.patchkey.client.protocol}.
 */
@NullMarked
package dev.patchkey.client;

import org.jspecify.annotations.NullMarked;
