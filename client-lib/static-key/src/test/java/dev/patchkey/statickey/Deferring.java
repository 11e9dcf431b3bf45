package dev.patchkey.statickey;

import java.time.Duration;

/** What the checks of deferred disables are run against: the static key, or a broken variant of it. */
interface Deferring extends Subject {

    void deferDisable(Duration delay);

    void flush();

    /** Makes subjects. */
    @FunctionalInterface
    interface Factory {

        /** A disabled key over this site and this timer. */
        Deferring create(Site.Factory site, Timer timer);
    }

    /** The static key itself. */
    static Deferring ours(Site.Factory site, Timer timer) {
        return new OurKey(site, timer, 0);
    }
}
