@NullMarked
package dev.patchkey.service.store;

import org.jspecify.annotations.NullMarked;
