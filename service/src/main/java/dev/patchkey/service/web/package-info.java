/**
 * The HTTP API: requests in, commands to the store, answers and problems out.
 *
 * <p>Lives here: the controllers, the checks of what callers send, the problem types. May not be imported here:
 * Hazelcast, JDBC, the channel's internals. No rule of reference counting lives here.
 */
@NullMarked
package dev.patchkey.service.web;

import org.jspecify.annotations.NullMarked;
