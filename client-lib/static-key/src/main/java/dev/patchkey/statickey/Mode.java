package dev.patchkey.statickey;

/** Who sets a key's count. Leaves {@link #UNDECIDED} once, and does not change after that. */
enum Mode {
    /** Nobody has yet: the count is 0. */
    UNDECIDED,
    /** {@link StaticKey#enable()}; {@link StaticKey#deferDisable} says that it will be. */
    LOCAL,
    /** The mirror. */
    MIRRORED;

    /** The mode of a key that another wants to use in the wanted one. */
    Mode become(Mode wanted, String key) {
        if (this != UNDECIDED && this != wanted) {
            throw new IllegalStateException(
                    wanted == LOCAL
                            ? "key '" + key
                                    + "' is mirrored: its count is the cluster's, and enable() and deferDisable()"
                                    + " are for local keys only; acquire the key instead, or use another name"
                            : "key '" + key + "' is local: it has been enabled with enable(), or given a delay with"
                                    + " deferDisable(), and its count cannot be mirrored too; acquire it instead,"
                                    + " or use another name");
        }
        return wanted;
    }
}
