package dev.patchkey.service.limits;

import java.util.concurrent.ConcurrentHashMap;

/** How many of something each of many has: counted by name. Safe for use by several threads. */
public final class Places {

    private final int most;

    /** Without those that have none, so that it is bounded by the number of places taken. */
    private final ConcurrentHashMap<String, Integer> taken = new ConcurrentHashMap<>();

    /** @param most how many each may have */
    public Places(int most) {
        this.most = most;
    }

    /** How many each may have. */
    public int most() {
        return most;
    }

    /** Whether {@link #tryTake} would have succeeded now. */
    public boolean isFree(String name) {
        return taken.getOrDefault(name, 0) < most;
    }

    /** Takes one more place, which must be given back; false if all are taken. */
    public boolean tryTake(String name) {
        boolean[] got = new boolean[1];
        taken.compute(name, (key, count) -> {
            int before = count == null ? 0 : count;
            got[0] = before < most;
            return got[0] ? before + 1 : count;
        });
        return got[0];
    }

    public void giveBack(String name) {
        taken.computeIfPresent(name, (key, count) -> count == 1 ? null : count - 1);
    }
}
