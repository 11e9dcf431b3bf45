package dev.patchkey.systemtests.robustness.cluster;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A network of the test's own: hosts are network namespaces, joined by a bridge in one more, and this JVM has an address
 * in it too. Needs root, {@code ip}, {@code iptables} and {@code tc}. Nothing outside this machine can be reached from it
 * or reaches it.
 */
final class Network implements AutoCloseable {

    private static final Pattern OURS = Pattern.compile("(?m)^pk(\\d+)-\\S+");
    private static final int MASK = 24;
    private static final int PREFIXES = 256;

    /** The number of this JVM's address. */
    private static final int JVM = 254;

    /** Interface names have at most 15 characters. */
    private final String name = "pk" + ProcessHandle.current().pid();

    /** Of this network alone, so that two runs on one machine do not meet. */
    private final String prefix;

    private final List<Host> hosts = new ArrayList<>();

    /** What keeps this machine and this user from having such a network; empty if nothing does. */
    static List<String> missing() {
        if (!Shell.tryRun("ip", "-V")) {
            return List.of("the command ip (Debian's iproute2)");
        }
        String probe = "pk" + ProcessHandle.current().pid() + "-probe";
        if (!Shell.tryRun("ip", "netns", "add", probe)) {
            return List.of("the right to make network namespaces (root)");
        }
        try {
            List<String> missing = new ArrayList<>();
            Host host = new Host("probe", probe, "127.0.0.2");
            if (!Shell.tryRun("ip", "netns", "exec", probe, "iptables", "-L")) {
                missing.add("the command iptables (Debian's iptables)");
            } else if (!Shell.tryRun(host.dropping(0.5))) {
                missing.add("the kernel's statistic match of iptables");
            }
            if (!Shell.tryRun(host.shaping("lo", 1))) {
                missing.add("the kernel's tbf of tc (sch_tbf)");
            }
            return missing;
        } finally {
            Shell.tryRun("ip", "netns", "delete", probe);
        }
    }

    Network() {
        forgetTheDead();
        prefix = freePrefix();
        String bridge = name + "-sw";
        try {
            Shell.run("ip", "netns", "add", bridge);
            Shell.run("ip", "-n", bridge, "link", "add", "br0", "type", "bridge");
            Shell.run("ip", "-n", bridge, "link", "set", "br0", "up");
            Shell.run("ip", "link", "add", name, "type", "veth", "peer", "name", "jvm", "netns", bridge);
            Shell.run("ip", "-n", bridge, "link", "set", "jvm", "master", "br0", "up");
            Shell.run("ip", "address", "add", prefix + JVM + "/" + MASK, "dev", name);
            Shell.run("ip", "link", "set", name, "up");
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private static String freePrefix() {
        String taken = Shell.run("ip", "-4", "-o", "address");
        long first = ProcessHandle.current().pid();
        for (int i = 0; i < PREFIXES; i++) {
            String prefix = "10.213." + (first + i) % PREFIXES + ".";
            if (!taken.contains(" " + prefix)) {
                return prefix;
            }
        }
        throw new IllegalStateException("all networks of 10.213.0.0/16 are taken");
    }

    /** Takes away the namespaces, and the processes in them, of runs that were killed before they could. */
    private static void forgetTheDead() {
        Matcher namespaces = OURS.matcher(Shell.run("ip", "netns", "list"));
        while (namespaces.find()) {
            if (ProcessHandle.of(Long.parseLong(namespaces.group(1))).isEmpty()) {
                Host left = new Host("left", namespaces.group(), "127.0.0.2");
                left.processes().forEach(ProcessHandle::destroyForcibly);
                Shell.tryRun("ip", "netns", "delete", left.namespace());
            }
        }
    }

    /** A new host. */
    Host host(String label) {
        int number = hosts.size() + 1;
        Host host = new Host(label, name + "-" + label, prefix + number);
        String namespace = host.namespace();
        hosts.add(host);
        String port = "p" + number;
        String bridge = name + "-sw";
        Shell.run("ip", "netns", "add", namespace);
        Shell.run("ip", "-n", namespace, "link", "set", "lo", "up");
        List<String> veth = List.of("type", "veth", "peer", "name", port, "netns", bridge);
        List<String> add = new ArrayList<>(List.of("ip", "-n", namespace, "link", "add", Host.INTERFACE));
        add.addAll(veth);
        Shell.run(add);
        Shell.run("ip", "-n", bridge, "link", "set", port, "master", "br0", "up");
        Shell.run("ip", "-n", namespace, "address", "add", host.address() + "/" + MASK, "dev", Host.INTERFACE);
        Shell.run("ip", "-n", namespace, "link", "set", Host.INTERFACE, "up");
        return host;
    }

    /** Takes everything away; the processes on the hosts must have ended. */
    @Override
    public void close() {
        hosts.forEach(host -> Shell.tryRun("ip", "netns", "delete", host.namespace()));
        Shell.tryRun("ip", "link", "delete", name);
        Shell.tryRun("ip", "netns", "delete", name + "-sw");
    }
}
