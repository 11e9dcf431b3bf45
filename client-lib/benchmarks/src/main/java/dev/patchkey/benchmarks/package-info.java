/**
 * What Patchkey costs: the check beside its limit in one run, holds, and the running service.
 *
 * <p>Lives here: benchmarks, each printing ratios against a limit. May not be imported here: the service, which is
 * measured as a process of its own.
 */
@NullMarked
package dev.patchkey.benchmarks;

import org.jspecify.annotations.NullMarked;
