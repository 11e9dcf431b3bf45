/**
 * A service of one pod for the client's tests: does what the protocol says unless it is told to misbehave.
 *
 * <p>Lives here: the pod, its sessions, its HTTP and WebSocket. May not be imported here: the client itself, so that the
 * two cannot be wrong together.
 */
@NullMarked
package dev.patchkey.client.fake;

import org.jspecify.annotations.NullMarked;
