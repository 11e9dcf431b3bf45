/**
 * The messages between a node and the service, as docs/reference/protocol.md has them, and their JSON.
 *
 * <p>Lives here: values, readers and writers; no thread, no socket, no clock. May not be imported here: any other package
 * of Patchkey. This package alone imports the JSON library.
 */
@NullMarked
package dev.patchkey.client.protocol;

import org.jspecify.annotations.NullMarked;
