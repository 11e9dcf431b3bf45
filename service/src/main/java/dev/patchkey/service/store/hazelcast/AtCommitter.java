package dev.patchkey.service.store.hazelcast;

import com.hazelcast.partition.PartitionAware;
import dev.patchkey.service.refcount.KeyName;

/**
 * A key's name, of a map that is kept where the committer is: what that has committed is then put there by one operation
 * on its own pod, and copied by one message, however many keys there are.
 *
 * <p>It says so itself, since a partitioning strategy of the map is not followed by Hazelcast's asynchronous reads.
 *
 * @param name of the key
 */
record AtCommitter(String name) implements PartitionAware<String> {

    static AtCommitter of(KeyName key) {
        return new AtCommitter(key.value());
    }

    @Override
    public String getPartitionKey() {
        return ClusterConfig.COMMITTER;
    }
}
