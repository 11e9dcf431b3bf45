/**
 * The robustness suite: real pods over a real PostgreSQL, real nodes, each on a network of the test's own; traffic and
 * faults drawn from a seed; and an exact judgement of the whole history of calls and sightings.
 *
 * <p>Apart, as the parts of one run are: {@code cluster} is what runs, {@code traffic} what is asked of it, {@code faults}
 * what is done to it, {@code history} what was seen, {@code validation} what that proves.
 */
@NullMarked
package dev.patchkey.systemtests.robustness;

import org.jspecify.annotations.NullMarked;
