package dev.patchkey.service.propagation;

import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Version;

/** The rule by which a session counts as having reached a version: the one line that S5 stands on. */
@FunctionalInterface
interface Reached {

    /**
     * The node has said that every test of the key reflects the version, or a newer one.
     *
     * <p>Not that the message was written, nor that the node has received it: an acknowledgement of the transport says
     * nothing of call sites.
     */
    Reached APPLIED = (session, key, version, offered) -> {
        if (!session.connected) {
            return false;
        }
        Version applied = session.feed.appliedOf(key, offered);
        return applied != null && applied.isAtLeast(version);
    };

    /**
     * Decides.
     *
     * @param offered the newest version of the key that every session was offered
     */
    boolean isReached(NodeSession session, KeyName key, Version version, Version offered);
}
