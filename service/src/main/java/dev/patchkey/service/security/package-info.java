/**
 * Who a caller is: what the HTTP API and the channel must agree on.
 *
 * <p>Lives here: the name by which a caller is audited, told from others, and owns its nodes. May not be imported here:
 * any other package of the service, the web server.
 */
@NullMarked
package dev.patchkey.service.security;

import org.jspecify.annotations.NullMarked;
