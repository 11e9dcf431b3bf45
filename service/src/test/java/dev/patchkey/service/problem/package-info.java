/** Tests of the table of problems. */
@NullMarked
package dev.patchkey.service.problem;

import org.jspecify.annotations.NullMarked;
