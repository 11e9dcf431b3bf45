/**
 * The pure core: what a key's reference count is and what each command makes of it.
 *
 * <p>Lives here: keys, holds, commands, outcomes, and the one function that takes a state and a command to a state and
 * an outcome. May not be imported here: anything but the JDK, so that every rule can be read and tested without a
 * framework, a cluster or a database.
 */
@NullMarked
package dev.patchkey.service.refcount;

import org.jspecify.annotations.NullMarked;
