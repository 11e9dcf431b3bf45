package dev.patchkey.client;

import java.net.URI;

/**
 * In whose name the node may change its holds now.
 *
 * @param service where
 * @param session the session that the hold changes name
 * @param incarnation of this JVM
 * @param term of the lease when the session began: what is answered to it in a later term is void
 */
record Standing(URI service, String session, String incarnation, long term) {}
