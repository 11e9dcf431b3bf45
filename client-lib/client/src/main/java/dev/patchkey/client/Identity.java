package dev.patchkey.client;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** Who this JVM is unless it is told. */
final class Identity {

    /** Leaves room for the pid and the random part in a node id of 128 characters. */
    private static final int LONGEST_HOST = 80;

    private static final int LONGEST_NAME = 128;

    private Identity() {}

    /** Host, pid and a random part, since pids repeat in containers and hosts repeat in stateful sets. */
    static String defaultNode() {
        String host = cleaned(host(), "node", LONGEST_HOST);
        int random = ThreadLocalRandom.current().nextInt() & 0xffffff;
        return String.format(
                Locale.ROOT, "%s-%d-%06x", host, ProcessHandle.current().pid(), random);
    }

    /** From the environment and not from DNS, which may block for seconds. */
    private static @Nullable String host() {
        for (String variable : List.of("HOSTNAME", "COMPUTERNAME")) {
            if (System.getenv(variable) != null) {
                return System.getenv(variable);
            }
        }
        try {
            return Files.readString(Path.of("/etc/hostname")).strip();
        } catch (IOException e) {
            return null;
        }
    }

    /** The simple name of the main class or jar. */
    static String defaultApplication() {
        String command = System.getProperty("sun.java.command", "");
        String main = command.split(" ", 2)[0];
        String file = main.substring(main.lastIndexOf('/') + 1);
        String name = file.endsWith(".jar") ? file : file.substring(file.lastIndexOf('.') + 1);
        return cleaned(name, "java", LONGEST_NAME);
    }

    private static String cleaned(@Nullable String text, String otherwise, int longest) {
        String kept = text == null ? "" : text.replaceAll("[^A-Za-z0-9._-]", "").replaceAll("^[._-]+", "");
        return kept.isEmpty() ? otherwise : kept.substring(0, Math.min(longest, kept.length()));
    }
}
