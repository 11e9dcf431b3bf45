package dev.patchkey.chart;

import com.marcnuri.helm.Helm;
import com.marcnuri.helm.TemplateCommand;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * A copy of the chart in which {@code helm template} shows the hooks too, since it leaves out the pod of {@code helm test}
 * else. Nothing else of it differs.
 *
 * @param directory where the copy is
 */
public record Chart(Path directory) {

    static final Path ORIGINAL = Path.of("patchkey");

    public static final String RELEASE = "patchkey";

    public static final String NAMESPACE = "features";

    /** The oldest that {@code Chart.yaml} lets in. */
    static final String OLDEST_KUBERNETES = "1.30.0";

    /** Whose hooks the copy shows. */
    private static final String HOOK = "helm.sh/hook";

    public static Chart copyTo(Path directory) {
        Path copy = directory.resolve("patchkey");
        try (Stream<Path> files = Files.walk(ORIGINAL)) {
            for (Path file : files.toList()) {
                Path target = copy.resolve(ORIGINAL.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else if (file.startsWith(ORIGINAL.resolve("templates/tests"))) {
                    Files.writeString(target, Files.readString(file).replace(HOOK, "shown.by.tests/hook"));
                } else {
                    Files.copy(file, target);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Chart(copy);
    }

    /** The files of values that the chart is tested with, by name. */
    static List<String> cases() {
        try (Stream<Path> files = Files.list(ORIGINAL.resolve("ci"))) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith("-values.yaml"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Path valuesOf(String name) {
        return ORIGINAL.resolve("ci").resolve(name);
    }

    /** @throws IllegalStateException with Helm's words if it refuses the values */
    Documents render(String kubernetes, Path... values) {
        return Documents.parse(text(kubernetes, values));
    }

    /** A case with more values over it. */
    public Documents render(String name, String moreValues) {
        return render(OLDEST_KUBERNETES, valuesOf(name), write(moreValues));
    }

    String text(String kubernetes, Path... values) {
        TemplateCommand template = new Helm(directory)
                .template()
                .withName(RELEASE)
                .withNamespace(NAMESPACE)
                .withKubeVersion(kubernetes);
        for (Path file : values) {
            template.withValuesFile(file);
        }
        return template.call();
    }

    Path write(String values) {
        try {
            return Files.writeString(Files.createTempFile(directory.getParent(), "values", ".yaml"), values);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
