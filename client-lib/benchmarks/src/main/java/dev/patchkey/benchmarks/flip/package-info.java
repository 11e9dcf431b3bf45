/**
 * What a change of a key costs: the thread that makes it, and the threads that run what tests the key.
 *
 * <p>Lives here: one class per question, and the methods that depend on a key. May not be imported here: the client; the
 * keys are local ones.
 */
@NullMarked
package dev.patchkey.benchmarks.flip;

import org.jspecify.annotations.NullMarked;
