/**
 * Tests of the image, as far as they go without a container engine: the Dockerfile's steps are run in a folder, and the service
 * is started by its entry point, with the settings of the chart.
 *
 * <p>Lives here: what reads and runs the Dockerfile, and the tests. May not be imported here: the service.
 */
@NullMarked
package dev.patchkey.image;

import org.jspecify.annotations.NullMarked;
