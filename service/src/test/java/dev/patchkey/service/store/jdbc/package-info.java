@NullMarked
package dev.patchkey.service.store.jdbc;

import org.jspecify.annotations.NullMarked;
