package dev.patchkey.statickey;

import java.lang.invoke.MethodHandle;

/** A {@link TwoFieldSite} that knows whether an edge is in progress: from the first rebind of it to the end of the last. */
final class EdgeCountingSite implements Site {

    private final TwoFieldSite site;

    /** The number of edges begun and of edges ended: odd while one is in progress. Written by one thread at a time. */
    private volatile int edges;

    EdgeCountingSite(MethodHandle target) {
        site = new TwoFieldSite(target);
    }

    @Override
    public MethodHandle target() {
        return site.target();
    }

    @Override
    public void retarget(MethodHandle target) {
        int before = edges;
        int inProgress = before % 2 == 0 ? before + 1 : before;
        edges = inProgress;
        site.retarget(target);
        if (target != Targets.SLOW) {
            edges = inProgress + 1;
        }
    }

    int edges() {
        return edges;
    }

    /** Whether the edge, if any, that was in progress at that number of edges has ended. */
    boolean hasEnded(int edgesThen) {
        return edgesThen % 2 == 0 || edges > edgesThen;
    }
}
