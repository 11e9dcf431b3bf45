/**
 * What a check costs: ours, its limit, what one would write by hand, and the peers, all in one run.
 *
 * <p>Lives here: one class per shape of code, what they check, and the peers as their documentation says to use them.
 * May not be imported here: anything that reaches a network.
 */
@NullMarked
package dev.patchkey.benchmarks.check;

import org.jspecify.annotations.NullMarked;
