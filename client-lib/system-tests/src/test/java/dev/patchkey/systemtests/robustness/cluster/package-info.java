/**
 * The hosts of a run, each a network namespace of its own, and the real processes on them: a PostgreSQL server, pods,
 * nodes. Knows nothing of what is done to them, nor why.
 */
@NullMarked
package dev.patchkey.systemtests.robustness.cluster;

import org.jspecify.annotations.NullMarked;
