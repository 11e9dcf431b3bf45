/**
 * The service that keeps the reference counts and tells every node.
 *
 * <p>Lives here: the main class, what a start says of wrong settings, and the health check of the image; everything else is in a
 * package of its feature.
 */
@NullMarked
package dev.patchkey.service;

import org.jspecify.annotations.NullMarked;
