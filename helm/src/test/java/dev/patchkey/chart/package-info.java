/**
 * Tests of the chart: Helm itself renders it, as a library, and what comes out is compared with the schemas of Kubernetes, with
 * the service's own settings, and with itself.
 *
 * <p>Lives here: what reads and renders the chart, and the tests. May not be imported here: the service.
 */
@NullMarked
package dev.patchkey.chart;

import org.jspecify.annotations.NullMarked;
