/** A look into the static keys, for the nodes of the robustness suite: what their public interface has no need to show. */
@NullMarked
package dev.patchkey.statickey;

import org.jspecify.annotations.NullMarked;
