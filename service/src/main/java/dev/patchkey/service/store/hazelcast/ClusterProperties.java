package dev.patchkey.service.store.hazelcast;

import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How this pod finds the others.
 *
 * @param name of the cluster; pods of another name are kept out
 * @param port that pods talk to each other on
 * @param address that the port is bound to: loopback unless told otherwise; {@code 0.0.0.0} for all
 * @param discovery how members are found
 * @param members with {@code static}, hosts with or without a port; with {@code kubernetes}, the DNS name of the headless
 *     service; with {@code none}, nothing
 * @param size how many pods there are when all are well; the quorum is more than half of it
 */
@ConfigurationProperties("patchkey.cluster")
record ClusterProperties(
        @DefaultValue("patchkey") String name,
        @DefaultValue("5701") int port,
        @DefaultValue("127.0.0.1") String address,
        @DefaultValue("none") Discovery discovery,
        @DefaultValue List<String> members,
        @DefaultValue("1") int size) {

    enum Discovery {
        NONE,
        STATIC,
        KUBERNETES
    }

    /** More pods than any fleet needs; it keeps a slip of the finger from asking for a quorum that can never be. */
    static final int LARGEST_SIZE = 99;

    ClusterProperties {
        require(!name.isBlank(), "patchkey.cluster.name must not be empty");
        require(port >= 1 && port <= 65_535, "patchkey.cluster.port must be 1 to 65535, and is " + port);
        require(!address.isBlank(), "patchkey.cluster.address must not be empty");
        require(
                size >= 1 && size <= LARGEST_SIZE,
                "patchkey.cluster.size must be 1 to " + LARGEST_SIZE + ", and is " + size);
        members = members.stream().filter(member -> !member.isBlank()).toList();
        switch (discovery) {
            case NONE -> {
                require(
                        members.isEmpty(),
                        "patchkey.cluster.members must be empty where patchkey.cluster.discovery is none, and is "
                                + members);
                require(
                        size == 1,
                        "patchkey.cluster.size must be 1 where patchkey.cluster.discovery is none, and is " + size);
            }
            case STATIC ->
                require(
                        !members.isEmpty(),
                        "patchkey.cluster.members must name the pods where patchkey.cluster.discovery is static");
            case KUBERNETES ->
                require(
                        members.size() == 1,
                        "patchkey.cluster.members must be the DNS name of the headless service where"
                                + " patchkey.cluster.discovery is kubernetes, and is " + members);
        }
    }

    /** How many members must be there for anything to be acknowledged: more than half. */
    int quorum() {
        return size / 2 + 1;
    }

    private static void require(boolean rule, String otherwise) {
        if (!rule) {
            throw new IllegalArgumentException(otherwise);
        }
    }
}
