package dev.patchkey.service.store.hazelcast;

import com.hazelcast.core.IndeterminateOperationStateException;
import java.util.function.Supplier;

/*
 * Hazelcast gives up a copy that is silent for five seconds, as one is whose member is still joining, and reports the write
 * as indeterminate though the entry has it. A repeat of an entry processor is sent to every copy again, whether it changes
 * the entry or not, so that its answer says what the first one's did not. Other writes, such as a removal that finds
 * nothing to remove, are not, and their repeat would confirm nothing.
 */
/** A write that every copy of its entry has confirmed. */
final class Confirmed {

    private Confirmed() {}

    /**
     * Writes; again where a copy did not confirm it in time, and after no other failure.
     *
     * @param mostAttempts after which it is left at that
     * @param write by an entry processor that leaves an entry, or a copy of one, that has it already as it is: the same one
     *     each time, so that a copy that missed the first decides as the entry did
     * @throws IndeterminateOperationStateException if no attempt was confirmed
     */
    static <T> T within(int mostAttempts, Supplier<T> write) {
        for (int attempt = 1; attempt < mostAttempts; attempt++) {
            try {
                return write.get();
            } catch (IndeterminateOperationStateException unconfirmed) {
                // What it has done so far, the next one finds.
            }
        }
        return write.get();
    }
}
