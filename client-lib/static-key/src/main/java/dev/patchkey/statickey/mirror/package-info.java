/**
 * The mirror's side of static keys: an SPI for the client and the test kit, exported to them alone.
 *
 * <p>Lives here: how authoritative (count, version) pairs reach static keys. May not be imported here: anything but the
 * JDK and {@code dev.patchkey.statickey}.
 */
@NullMarked
package dev.patchkey.statickey.mirror;

import org.jspecify.annotations.NullMarked;
