/**
 * The mirror's side of static keys: an SPI for the client and the test kit, exported to them alone.
 *
 * <p>Lives here: how authoritative (count, version) pairs reach static keys. May not be imported here: anything but the
 * JDK; {@code dev.patchkey.statickey} implements what is declared here, so an import of it would be a cycle.
 */
@NullMarked
package dev.patchkey.statickey.mirror;

import org.jspecify.annotations.NullMarked;
