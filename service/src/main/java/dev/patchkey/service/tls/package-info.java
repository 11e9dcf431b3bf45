/**
 * TLS of every port, and what happens when its certificates change.
 *
 * <p>Lives here: what has Jetty take a bundle's new certificates. May not be imported here: any other package of the
 * service.
 */
@NullMarked
package dev.patchkey.service.tls;

import org.jspecify.annotations.NullMarked;
