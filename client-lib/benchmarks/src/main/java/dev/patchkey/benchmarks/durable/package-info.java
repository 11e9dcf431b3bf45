/**
 * Durable increments: the service on its stores, beside etcd, ZooKeeper and PostgreSQL alone.
 *
 * <p>Lives here: one class for each of them, which starts it and calls it, and the load that is the same for all. May not
 * be imported here: the service, which is measured as a process of its own.
 */
@NullMarked
package dev.patchkey.benchmarks.durable;

import org.jspecify.annotations.NullMarked;
