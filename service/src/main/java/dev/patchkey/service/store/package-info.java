/**
 * Where the reference counts are kept: the seam between the core and what makes its decisions durable.
 *
 * <p>Lives here: the seam's interfaces, the pod's view of all counts, the errors. May not be imported here: Hazelcast,
 * JDBC, the web. The two implementations live in {@code store.hazelcast} and {@code store.jdbc}, the only packages that
 * import them.
 */
@NullMarked
package dev.patchkey.service.store;

import org.jspecify.annotations.NullMarked;
