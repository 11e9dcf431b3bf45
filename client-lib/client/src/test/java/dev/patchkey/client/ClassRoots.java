package dev.patchkey.client;

import com.fasterxml.jackson.core.JsonFactory;
import dev.patchkey.statickey.StaticKey;
import java.net.JarURLConnection;
import java.net.URI;
import java.net.URL;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** Where the classes of the client, of what it needs, and of its tests are. */
final class ClassRoots {

    private ClassRoots() {}

    static List<Path> all() {
        return Stream.of(StaticKey.class, Patchkey.class, JsonFactory.class, ClassRoots.class)
                .map(ClassRoots::of)
                .distinct()
                .toList();
    }

    /** The directory or jar that a class is in. */
    private static Path of(Class<?> type) {
        String file = type.getName().replace('.', '/') + ".class";
        URL url = Objects.requireNonNull(type.getResource('/' + file), file);
        try {
            if (url.openConnection() instanceof JarURLConnection jar) {
                return Path.of(jar.getJarFileURL().toURI());
            }
            String text = url.toString();
            return Path.of(URI.create(text.substring(0, text.length() - file.length())));
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
