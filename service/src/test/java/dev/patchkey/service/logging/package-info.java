@NullMarked
package dev.patchkey.service.logging;

import org.jspecify.annotations.NullMarked;
