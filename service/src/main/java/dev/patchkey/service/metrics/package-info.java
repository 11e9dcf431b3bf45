/**
 * What metrics tell of keys, holds, nodes and the cluster as they are, found out by a look every few seconds, so that a
 * scrape costs the same however many keys there are. What happens is counted where it happens, by the packages themselves.
 *
 * <p>Lives here: the looks, the settings that bound them, and which of Spring Boot's exports are wanted. May not be imported
 * here: Hazelcast, JDBC, the web. Nothing may import this package.
 */
@NullMarked
package dev.patchkey.service.metrics;

import org.jspecify.annotations.NullMarked;
