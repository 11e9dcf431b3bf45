/**
 * Judges a history: pure functions from what was seen to what was promised and not kept. Each rule is a class, and is
 * itself tested on histories with planted errors. May import the history alone.
 */
@NullMarked
package dev.patchkey.systemtests.robustness.validation;

import org.jspecify.annotations.NullMarked;
