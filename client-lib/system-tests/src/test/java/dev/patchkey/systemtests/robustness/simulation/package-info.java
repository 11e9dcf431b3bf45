/**
 * The judge on trial: makes random histories that are right by construction, and plants errors in them that are wrong by
 * construction. May import histories, and of the judge only what it says; shares nothing with its rules.
 */
@NullMarked
package dev.patchkey.systemtests.robustness.simulation;

import org.jspecify.annotations.NullMarked;
