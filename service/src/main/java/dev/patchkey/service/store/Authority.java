package dev.patchkey.service.store;

import org.jspecify.annotations.Nullable;

/**
 * Where the counts are kept for good. Pods of one cluster must have the same one, or the committer of them all would commit
 * to what only some of them read.
 *
 * @param store what {@code patchkey.store} says
 * @param database what tells the database from every other, a copy of it excepted; null where there is none
 */
public record Authority(String store, @Nullable String database) {

    /** Of all pods with this authority, and of no others. */
    public String id() {
        return database == null ? store : store + ":" + database;
    }
}
