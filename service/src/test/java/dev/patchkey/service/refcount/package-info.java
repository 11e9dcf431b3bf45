@NullMarked
package dev.patchkey.service.refcount;

import org.jspecify.annotations.NullMarked;
