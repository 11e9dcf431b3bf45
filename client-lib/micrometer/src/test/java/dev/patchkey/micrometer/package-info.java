/** The meters of a node are those of the reference, bounded, and gone when closed. */
@NullMarked
package dev.patchkey.micrometer;

import org.jspecify.annotations.NullMarked;
