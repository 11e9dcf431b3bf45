package dev.patchkey.service.store.hazelcast;

import com.hazelcast.config.Config;
import com.hazelcast.config.ExecutorConfig;
import com.hazelcast.config.InMemoryFormat;
import com.hazelcast.config.JavaSerializationFilterConfig;
import com.hazelcast.config.JoinConfig;
import com.hazelcast.config.MapConfig;
import com.hazelcast.config.MergePolicyConfig;
import com.hazelcast.config.NetworkConfig;
import com.hazelcast.spi.merge.DiscardMergePolicy;
import dev.patchkey.service.store.Authority;
import java.io.EOFException;
import java.io.IOException;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/** The configuration of the Hazelcast member that runs in each pod. */
final class ClusterConfig {

    /**
     * The states as their authority left them: in the store {@code jdbc} a copy of the database's. The name goes on with
     * the authority, and so does the next one.
     */
    static final String PUBLISHED = "patchkey.published";

    /** Where a committer announces what it has committed. */
    static final String ANNOUNCED = "patchkey.announced";

    /** The states where the map itself is the authority: in the store {@code hazelcast}. */
    static final String COUNTS = "patchkey.counts";

    /** The lives of nodes, in the store {@code hazelcast}. */
    static final String NODES = "patchkey.nodes";

    /** When each of these nodes was last heard of, in the store {@code hazelcast}: in milliseconds since 1970. */
    static final String HEARD = "patchkey.nodes.heard";

    /** The highest number of a life that is forgotten, in the store {@code hazelcast}: one entry. */
    static final String FORGOTTEN = "patchkey.nodes.forgotten";

    /** The life of the store, in the store {@code hazelcast}: one entry. */
    static final String EPOCH = "patchkey.epoch";

    /** The pods that may have nodes, in the store {@code hazelcast} and with an embedded database. */
    static final String PODS = "patchkey.pods";

    /** The attribute of a member that names this life of its pod. Hazelcast's own name of it changes after a split. */
    static final String POD_ID = "patchkey.pod";

    /** The attribute of a member that says where its pod keeps the counts. */
    static final String AUTHORITY = "patchkey.authority";

    /** Where a pod has its commands committed by another. */
    static final String COMMITTER = "patchkey.committer";

    /** The loss of so many pods at a time loses nothing. */
    static final int BACKUPS = 1;

    /** Enough that the epoch outlives all but the loss of nearly every pod. */
    private static final int EPOCH_BACKUPS = 3;

    /** The most that Hazelcast allows: in a cluster of up to 13 pods no side of a split without quorum has all copies. */
    private static final int POD_BACKUPS = MapConfig.MAX_BACKUP_COUNT;

    private static final int COMMITTER_THREADS = 16;
    private static final int COMMITTER_QUEUE = 1024;

    private ClusterConfig() {}

    static Config of(ClusterProperties properties, Authority authority) {
        Config config = new Config();
        config.setClusterName(properties.name());
        config.setUserContext(new ConcurrentHashMap<>());
        config.getUserContext().put(PartitionOwner.CONTEXT, PartitionOwner.of(properties));
        config.getMemberAttributeConfig().setAttribute(POD_ID, UUID.randomUUID().toString());
        config.getMemberAttributeConfig().setAttribute(AUTHORITY, authority.id());
        network(config.getNetworkConfig(), properties);
        bind(config, properties.address());
        failureDetection(config);
        lifecycle(config);
        maps(config);
        config.addExecutorConfig(new ExecutorConfig(COMMITTER, COMMITTER_THREADS).setQueueCapacity(COMMITTER_QUEUE));
        config.getSerializationConfig().setJavaSerializationFilterConfig(javaSerialization());
        Serializers.addTo(config.getSerializationConfig());
        return config;
    }

    @SuppressWarnings("removal") // of the REST API, which Hazelcast is to lose; until then it stays off
    private static void network(NetworkConfig network, ClusterProperties properties) {
        network.setPort(properties.port());
        // A single pod takes the next free port, since nobody looks for it. Where others do, a port that is taken is an
        // error, and not a second member that nobody finds.
        network.setPortAutoIncrement(properties.discovery() == ClusterProperties.Discovery.NONE);
        // The service has its own REST API, behind its own security.
        network.getRestApiConfig().setEnabled(false);
        JoinConfig join = network.getJoin();
        // Pods join whom they are told to, and not whoever answers.
        join.getMulticastConfig().setEnabled(false);
        join.getAutoDetectionConfig().setEnabled(false);
        switch (properties.discovery()) {
            case NONE -> {}
            case STATIC -> join.getTcpIpConfig().setEnabled(true).setMembers(properties.members());
            case KUBERNETES ->
                join.getKubernetesConfig()
                        .setEnabled(true)
                        .setProperty("service-dns", properties.members().getFirst())
                        .setProperty("service-port", Integer.toString(properties.port()));
        }
    }

    private static void bind(Config config, String address) {
        if (address.equals("0.0.0.0")) {
            return;
        }
        // Both are needed: one picks the address, the other keeps the socket from being bound to all of them.
        config.setProperty("hazelcast.local.localAddress", address);
        config.setProperty("hazelcast.socket.bind.any", "false");
    }

    /**
     * Nothing of ours is Java-serialized, and a member that sends such an object of ours is none. Hazelcast's own failures
     * are, with the JDK's exceptions and collections in them, and those alone are let in: by default all of {@code java}
     * would be, with what is known to be turned against whoever reads it.
     */
    private static JavaSerializationFilterConfig javaSerialization() {
        JavaSerializationFilterConfig filter = new JavaSerializationFilterConfig().setDefaultsDisabled(true);
        filter.getWhitelist()
                .addPrefixes("com.hazelcast.", "java.lang.", "java.util.", "[")
                .addClasses(IOException.class.getName(), EOFException.class.getName());
        filter.getBlacklist().addPrefixes("java.lang.invoke.", "java.lang.reflect.", "java.util.logging.");
        return filter;
    }

    private static void failureDetection(Config config) {
        // An operation whose backup did not confirm is reported as indeterminate, and not as done.
        config.setProperty("hazelcast.operation.fail.on.indeterminate.state", "true");
        // A member that is silent for 10 s is given up, instead of 60: nodes wait for their changes meanwhile.
        config.setProperty("hazelcast.max.no.heartbeat.seconds", "10");
        config.setProperty("hazelcast.heartbeat.interval.seconds", "1");
        // After a split the smaller side comes back in seconds, instead of minutes.
        config.setProperty("hazelcast.merge.first.run.delay.seconds", "5");
        config.setProperty("hazelcast.merge.next.run.delay.seconds", "5");
    }

    private static void lifecycle(Config config) {
        config.setProperty("hazelcast.logging.type", "slf4j");
        // Spring ends the member, after the web server has drained.
        config.setProperty("hazelcast.shutdownhook.enabled", "false");
        // What is left of the 30 s that a pod is given by default, when the web server and the store have had theirs.
        config.setProperty("hazelcast.graceful.shutdown.max.wait", "10");
        config.setProperty("hazelcast.phone.home.enabled", "false");
        // It can run code that is sent to it, and is not needed.
        config.getJetConfig().setEnabled(false);
    }

    private static void maps(Config config) {
        config.addMapConfig(map("patchkey.*", BACKUPS));
        config.addMapConfig(map(EPOCH, EPOCH_BACKUPS));
        config.addMapConfig(map(PODS, POD_BACKUPS));
    }

    private static MapConfig map(String name, int backups) {
        return new MapConfig(name)
                .setBackupCount(backups)
                // Entry processors run on the values themselves; they are immutable.
                .setInMemoryFormat(InMemoryFormat.OBJECT)
                // What the smaller side of a split wrote was never acknowledged, or is in the database.
                .setMergePolicyConfig(new MergePolicyConfig().setPolicy(DiscardMergePolicy.class.getName()));
    }
}
