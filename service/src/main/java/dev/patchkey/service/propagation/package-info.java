/**
 * Who has applied what, and the barrier that answers "applied everywhere".
 *
 * <p>Lives here: the live nodes with what each has applied, their leases, and the barrier over all pods. May not be
 * imported here: the web, JDBC, Jetty.
 */
@NullMarked
package dev.patchkey.service.propagation;

import org.jspecify.annotations.NullMarked;
