package dev.patchkey.client;

import dev.patchkey.statickey.StaticKey;
import java.util.concurrent.atomic.AtomicBoolean;

/** One reference to a generation of the node's hold. The value, inherited to keep it small: whether it is closed. */
final class Share extends AtomicBoolean implements Hold {

    private static final long serialVersionUID = 1;

    private final transient NodeHold nodeHold;
    private final Tenure tenure;

    /** Takes over one reference of the tenure. */
    Share(NodeHold nodeHold, Tenure tenure) {
        this.nodeHold = nodeHold;
        this.tenure = tenure;
    }

    @Override
    public StaticKey key() {
        return tenure.key();
    }

    @Override
    public boolean isLive() {
        return !get() && tenure.isLive() && nodeHold.leaseIsLive();
    }

    @Override
    public void close() {
        if (compareAndSet(false, true) && tenure.release()) {
            nodeHold.lastClosed(tenure);
        }
    }

    @Override
    public String toString() {
        return "Hold[" + key().name() + (isLive() ? ", live]" : ", not live]");
    }
}
