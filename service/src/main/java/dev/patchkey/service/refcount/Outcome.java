package dev.patchkey.service.refcount;

/** What became of a command, as decided where the authority is. */
public sealed interface Outcome {

    /**
     * It was done, or was a no-op.
     *
     * @param count the key's reference count after it
     * @param version of the key after it; for a no-op, of the key as it stood
     * @param changed whether it changed anything that an observer can see; false for a no-op and for a renewal
     */
    record Done(int count, Version version, boolean changed) implements Outcome {
        public boolean enabled() {
            return count > 0;
        }
    }

    /**
     * It was refused, and nothing was changed.
     *
     * @param refusal the rule it met
     * @param detail the rule and the numbers, in a sentence for the caller
     */
    record Refused(Refusal refusal, String detail) implements Outcome {}
}
