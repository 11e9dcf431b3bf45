/**
 * How much one caller may ask for at a time.
 *
 * <p>Lives here: the settings, rates by name, places by name. Who a caller is, and what it is told, is decided elsewhere.
 * May not be imported here: any other package of the service, the web server.
 */
@NullMarked
package dev.patchkey.service.limits;

import org.jspecify.annotations.NullMarked;
