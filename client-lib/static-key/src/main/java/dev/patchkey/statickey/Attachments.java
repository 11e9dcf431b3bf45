package dev.patchkey.statickey;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What hangs on a key object and ends with it. The preparations refer to classes of the application, so nothing that
 * outlives the key object may refer to this.
 *
 * @param preparations in the order of registration; guarded by the key's lock
 * @param staticCalls how many static calls have been made of the key
 */
record Attachments(List<Preparation> preparations, AtomicInteger staticCalls) {

    Attachments() {
        this(new ArrayList<>(), new AtomicInteger());
    }
}
