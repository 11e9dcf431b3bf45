/**
 * The store that keeps the counts in a database, which is the write-ahead log and the fence of the cluster.
 *
 * <p>Lives here: all SQL, transactions, and what makes a commit durable and its fate known. May not be imported here:
 * Hazelcast, the web.
 */
@NullMarked
package dev.patchkey.service.store.jdbc;

import org.jspecify.annotations.NullMarked;
