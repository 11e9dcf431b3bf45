@NullMarked
package dev.patchkey.service.metrics;

import org.jspecify.annotations.NullMarked;
