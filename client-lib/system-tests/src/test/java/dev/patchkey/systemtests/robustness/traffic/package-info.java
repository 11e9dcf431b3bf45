/** Callers of the service: what they ask for, through any pod, with and without retries, and what they were answered. */
@NullMarked
package dev.patchkey.systemtests.robustness.traffic;

import org.jspecify.annotations.NullMarked;
