package dev.patchkey.chart;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Locale;

/**
 * The objects of one Kubernetes version, as its OpenAPI description has them. A document is strictly one of them if it has no
 * field that is not described and lacks none that is required, and if reading it and writing it changes nothing.
 */
final class KubernetesModel {

    private static final String MODELS = "io.kubernetes.client.openapi.models.";

    private static final ObjectMapper JSON = new ObjectMapper();

    private final ClassLoader loader;

    private KubernetesModel(ClassLoader loader) {
        this.loader = loader;
    }

    static KubernetesModel newest() {
        return new KubernetesModel(KubernetesModel.class.getClassLoader());
    }

    static KubernetesModel oldest() {
        try {
            URL jar =
                    Path.of(System.getProperty("kubernetes.oldest.jar")).toUri().toURL();
            return new KubernetesModel(new OwnFirst(jar, KubernetesModel.class.getClassLoader()));
        } catch (MalformedURLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Takes the objects of Kubernetes from its own jar, and what they need from the class path. */
    private static final class OwnFirst extends URLClassLoader {

        OwnFirst(URL jar, ClassLoader others) {
            super(new URL[] {jar}, others);
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (!name.startsWith("io.kubernetes.")) {
                return super.loadClass(name, resolve);
            }
            synchronized (getClassLoadingLock(name)) {
                Class<?> loaded = findLoadedClass(name);
                return loaded == null ? findClass(name) : loaded;
            }
        }
    }

    /** @throws AssertionError that says what is wrong with it */
    void check(JsonNode document) throws IOException {
        Class<?> type;
        try {
            type = loader.loadClass(MODELS + className(document));
        } catch (ClassNotFoundException e) {
            throw new AssertionError(Documents.describe(document) + " is of no kind that Kubernetes has", e);
        }
        String written;
        try {
            Object model = type.getMethod("fromJson", String.class).invoke(null, document.toString());
            written = (String) type.getMethod("toJson").invoke(model);
        } catch (InvocationTargetException e) {
            throw new AssertionError(Documents.describe(document) + ": " + e.getCause(), e.getCause());
        } catch (NoSuchMethodException | IllegalAccessException e) {
            throw new LinkageError("no model of this library: " + type, e);
        }
        JsonNode back = withoutEmpty(JSON.readTree(written));
        if (!back.equals(withoutEmpty(JSON.readTree(document.toString())))) {
            throw new AssertionError(Documents.describe(document) + " is read as another than it is written as:\n"
                    + document + "\n" + back);
        }
    }

    /** The objects are written with fields that are empty, where none were. */
    private static JsonNode withoutEmpty(JsonNode node) {
        for (Iterator<JsonNode> fields = node.iterator(); fields.hasNext(); ) {
            JsonNode field = withoutEmpty(fields.next());
            if (node.isObject() && field.isContainerNode() && field.isEmpty()) {
                fields.remove();
            }
        }
        return node;
    }

    /** As {@code V1StatefulSet} for {@code apps/v1}. */
    private static String className(JsonNode document) {
        String api = document.path("apiVersion").asText();
        String version = api.substring(api.indexOf('/') + 1);
        return version.substring(0, 1).toUpperCase(Locale.ROOT)
                + version.substring(1)
                + document.path("kind").asText();
    }
}
