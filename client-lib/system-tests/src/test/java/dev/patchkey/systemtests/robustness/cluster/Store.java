package dev.patchkey.systemtests.robustness.cluster;

/** What stands behind the counts: {@code patchkey.store}. */
public enum Store {
    JDBC,
    HAZELCAST;

    /** As the setting has it. */
    @Override
    public String toString() {
        return this == JDBC ? "jdbc" : "hazelcast";
    }
}
