@NullMarked
package dev.patchkey.service.fault;

import org.jspecify.annotations.NullMarked;
