package dev.patchkey.statickey;

import dev.patchkey.statickey.mirror.MirroredState;
import org.jspecify.annotations.Nullable;

/** What the registry keeps of a name. */
sealed interface Entry permits Undeclared, KeyCore {

    /** What is mirrored of the name, or null. */
    @Nullable MirroredState mirrored();
}
