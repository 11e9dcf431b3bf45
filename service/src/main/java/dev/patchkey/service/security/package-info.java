/**
 * Who a caller is, and what it may do: what the HTTP API and the channel must agree on.
 *
 * <p>Lives here: roles and keys of a caller, tokens and what configures them, the keys of an issuer of JWTs, the filters that
 * authenticate and refuse, what counts refusals, the rule that a service without credentials listens on loopback only. May
 * not be imported here: any other package of the service but the core and the limits.
 */
@NullMarked
package dev.patchkey.service.security;

import org.jspecify.annotations.NullMarked;
