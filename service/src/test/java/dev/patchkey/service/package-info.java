/** The checks of the service: each published guarantee has one that carries its number and its words. */
@NullMarked
package dev.patchkey.service;

import org.jspecify.annotations.NullMarked;
