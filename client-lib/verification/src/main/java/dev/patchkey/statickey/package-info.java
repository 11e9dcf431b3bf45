/**
 * Stress tests of the static key, and of its broken variants, by jcstress. They live in the key's package to reach the
 * key's core and its site, and so run on the class path. Nothing here is published.
 */
@NullMarked
package dev.patchkey.statickey;

import org.jspecify.annotations.NullMarked;
