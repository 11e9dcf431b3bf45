package dev.patchkey.client;

import java.net.URI;

/**
 * In whose name the node may change its holds now. Each welcome brings one of its own, which is equal to no other: so it
 * is no record.
 */
final class Standing {

    private final URI service;
    private final String session;
    private final String incarnation;
    private final long term;

    /**
     * In the name of one session.
     *
     * @param service where
     * @param session the session that the hold changes name
     * @param incarnation of this JVM
     * @param term of the lease when the session began: what is answered to it in a later term is void
     */
    Standing(URI service, String session, String incarnation, long term) {
        this.service = service;
        this.session = session;
        this.incarnation = incarnation;
        this.term = term;
    }

    URI service() {
        return service;
    }

    String session() {
        return session;
    }

    String incarnation() {
        return incarnation;
    }

    long term() {
        return term;
    }
}
