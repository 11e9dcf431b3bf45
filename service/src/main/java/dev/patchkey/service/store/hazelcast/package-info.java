/**
 * Everything that knows Hazelcast: the member that runs in each pod, the cluster's map of states and the way to the
 * committer for a store with a database behind it, and the store with nothing behind it.
 *
 * <p>Lives here: the member's configuration, serializers, entry processors. May not be imported here: JDBC, the web.
 */
@NullMarked
package dev.patchkey.service.store.hazelcast;

import org.jspecify.annotations.NullMarked;
