package dev.patchkey.systemtests.robustness.cluster;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A host of the {@link Network}: its address, what runs on it, and what its links do. */
public final class Host {

    static final String INTERFACE = "eth0";

    private final String label;
    private final String namespace;
    private final String address;

    Host(String label, String namespace, String address) {
        this.label = label;
        this.namespace = namespace;
        this.address = address;
    }

    String namespace() {
        return namespace;
    }

    public String address() {
        return address;
    }

    /** The command that runs another one on this host. */
    List<String> command(List<String> command) {
        List<String> here = new ArrayList<>(List.of("ip", "netns", "exec", namespace));
        here.addAll(command);
        return here;
    }

    private List<String> command(String... command) {
        return command(List.of(command));
    }

    /** What runs on it. */
    Stream<ProcessHandle> processes() {
        return Shell.run("ip", "netns", "pids", namespace)
                .lines()
                .map(Long::parseLong)
                .flatMap(pid -> ProcessHandle.of(pid).stream());
    }

    /** Drops all that comes from the other host: it is not heard, and hears. */
    public void deafTo(Host other) {
        Shell.run(command("iptables", "-A", "INPUT", "-s", other.address, "-j", "DROP"));
    }

    /** Drops all that goes to the other host. */
    public void muteTo(Host other) {
        Shell.run(command("iptables", "-A", "OUTPUT", "-d", other.address, "-j", "DROP"));
    }

    /** Drops that share of all that arrives, and lets what leaves through no faster than that: a bad link. */
    public void slow(double dropped, int kilobitsPerSecond) {
        Shell.run(dropping(dropped));
        Shell.run(shaping(INTERFACE, kilobitsPerSecond));
    }

    List<String> dropping(double share) {
        List<String> rule = List.of("-m", "statistic", "--mode", "random", "--probability", Double.toString(share));
        List<String> command = command("iptables", "-A", "INPUT", "-j", "DROP");
        command.addAll(rule);
        return command;
    }

    List<String> shaping(String link, int kilobitsPerSecond) {
        List<String> command = command("tc", "qdisc", "replace", "dev", link, "root");
        command.addAll(List.of("tbf", "rate", kilobitsPerSecond + "kbit", "burst", "16kb", "latency", "400ms"));
        return command;
    }

    /** All links as they were. */
    public void heal() {
        Shell.run(command("iptables", "-F"));
        Shell.tryRun(command("tc", "qdisc", "delete", "dev", INTERFACE, "root"));
    }

    @Override
    public String toString() {
        return label;
    }
}
