/** What is done to a cluster, drawn from a seed, and undone. */
@NullMarked
package dev.patchkey.systemtests.robustness.faults;

import org.jspecify.annotations.NullMarked;
