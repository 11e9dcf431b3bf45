/**
 * What happened in a run of the robustness suite, as its callers and nodes saw it. Times are {@link System#nanoTime()},
 * which all processes of one Linux host share. Knows nothing of how a history is made or judged.
 */
@NullMarked
package dev.patchkey.systemtests.robustness.history;

import org.jspecify.annotations.NullMarked;
