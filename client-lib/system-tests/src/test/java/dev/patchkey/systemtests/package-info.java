/**
 * Tests of the whole: the packaged service as its own process, nodes as processes of their own, and faults.
 *
 * <p>Lives here: what starts, drives and kills processes, and the tests that do. May not be imported here: the service.
 */
@NullMarked
package dev.patchkey.systemtests;

import org.jspecify.annotations.NullMarked;
