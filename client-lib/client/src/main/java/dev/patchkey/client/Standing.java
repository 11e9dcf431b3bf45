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
record Standing(URI service, String session, String incarnation, long term) {

    /*
     * Each welcome brings one of its own. Written out for another reason too: the generated methods of a record are
     * linked through handles that the JDK keeps, and the last type linked so with them, and thus its class loader.
     */

    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }
}
