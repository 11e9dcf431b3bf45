/**
 * A node to read in one sitting: {@link dev.patchkey.example.HotLoop} shows a key flip under a loop that runs hot, and
 * {@link dev.patchkey.example.SeedProgram} looks for the bug that the sentinel is there against.
 */
@NullMarked
package dev.patchkey.example;

import org.jspecify.annotations.NullMarked;
