/**
 * What the log says of keys and nodes, in fields that a machine can search by.
 *
 * <p>Lives here: the names of the fields, the lines that tell of edges, and how often a line may be said. May not be imported here: any other package of
 * the service but the core.
 */
@NullMarked
package dev.patchkey.service.logging;

import org.jspecify.annotations.NullMarked;
