/**
 * The kinds of error that callers of any edge can rely on.
 *
 * <p>Lives here: one table of them, with status and title. What goes wrong, and what its problem says, is decided elsewhere.
 * May not be imported here: any other package of the service but the core, the web server.
 */
@NullMarked
package dev.patchkey.service.problem;

import org.jspecify.annotations.NullMarked;
