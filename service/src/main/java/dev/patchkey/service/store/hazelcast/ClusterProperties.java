package dev.patchkey.service.store.hazelcast;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.regex.Pattern;
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
@ConfigurationProperties(prefix = "patchkey.cluster", ignoreUnknownFields = false)
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

    private static final int LARGEST_PORT = 65_535;

    /** A name of DNS, or an IPv4 address. */
    private static final Pattern HOST = Pattern.compile("[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?");

    private static final Pattern ADDRESS = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");
    private static final Pattern PORT = Pattern.compile("\\d{1,5}");

    /** More pods than any fleet needs; it keeps a slip of the finger from asking for a quorum that can never be. */
    static final int LARGEST_SIZE = 99;

    ClusterProperties {
        require(!name.isBlank(), "patchkey.cluster.name must not be empty");
        require(port >= 1 && port <= LARGEST_PORT, "patchkey.cluster.port must be 1 to 65535, and is " + port);
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
            case STATIC -> {
                require(
                        !members.isEmpty(),
                        "patchkey.cluster.members must name the pods where patchkey.cluster.discovery is static");
                members.forEach(member -> require(
                        isHostAndPort(member),
                        "patchkey.cluster.members must be a list of host or host:port, and has " + member));
                require(
                        members.stream().distinct().count() == members.size(),
                        "patchkey.cluster.members must name each pod once, and is " + members);
            }
            case KUBERNETES ->
                require(
                        members.size() == 1 && HOST.matcher(members.getFirst()).matches(),
                        "patchkey.cluster.members must be the DNS name of the headless service where"
                                + " patchkey.cluster.discovery is kubernetes, and is " + members);
        }
    }

    private static boolean isHostAndPort(String member) {
        String[] parts = member.split(":", -1);
        if (parts.length > 2 || !HOST.matcher(parts[0]).matches()) {
            return false;
        }
        if (parts.length == 1) {
            return true;
        }
        // Five digits at most, so that they are a number.
        return PORT.matcher(parts[1]).matches()
                && Integer.parseInt(parts[1]) >= 1
                && Integer.parseInt(parts[1]) <= LARGEST_PORT;
    }

    /**
     * Where the quorum is what keeps two halves apart, more pods than the size could each be half of something.
     *
     * @throws IllegalArgumentException if more pods are named than the size says there are
     */
    void requireSizeOfAllMembers() {
        require(
                discovery != Discovery.STATIC || size >= members.size(),
                "patchkey.cluster.size must be at least the number of patchkey.cluster.members (" + members.size()
                        + ") on the hazelcast store, and is " + size);
    }

    /** Whether other machines may reach the member port: a name that is not known is not taken for this machine's own. */
    boolean isOpenToOthers() {
        try {
            return !InetAddress.getByName(address).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return true;
        }
    }

    /**
     * Whether the others may look for this pod at an address that is not its own: all are given as numbers, and it is not
     * among them. Of names nothing can be said.
     */
    boolean isMissingFromMembers() {
        return discovery == Discovery.STATIC
                && ADDRESS.matcher(address).matches()
                && !address.equals("0.0.0.0")
                && members.stream()
                        .allMatch(member ->
                                ADDRESS.matcher(member.split(":", -1)[0]).matches())
                && !members.contains(address + ":" + port)
                && !members.contains(address);
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
