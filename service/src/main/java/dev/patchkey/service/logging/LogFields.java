package dev.patchkey.service.logging;

/** The names of the fields that lines of the log have, where it is structured; their values are in the message too. */
public final class LogFields {

    public static final String KEY = "patchkey.key";
    public static final String ENABLED = "patchkey.enabled";
    public static final String COUNT = "patchkey.count";
    public static final String EPOCH = "patchkey.epoch";
    public static final String REVISION = "patchkey.revision";

    /** Who asked. */
    public static final String ACTOR = "patchkey.actor";

    /** Whose hold it was, where it was one. */
    public static final String HOLDER = "patchkey.holder";

    /** Which node. */
    public static final String NODE = "patchkey.node";

    private LogFields() {}
}
