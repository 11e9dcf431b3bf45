package dev.patchkey.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.statickey.StaticKey;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An application that has gone is forgotten, with its class loader: containers and plug-ins come and go in one JVM. */
class ClassLoadersTest extends NodeTest {

    /** Many collections, and far more than what is garbage needs. */
    private static final Duration IN_VAIN = Duration.ofSeconds(1);

    @Test
    void aWholeLoadOfTheLibraryWithANodeThatWasClosedIsCollected() {
        refuseTheFirstSession();
        assertThat(Garbage.collects(brought(fake.uri()), Garbage.LONG)).isTrue();
        assertThat(fake.sessions).hasSizeGreaterThan(1);
    }

    /** Its first session ends with a close frame for a message that is none, which is another way out than most. */
    private void refuseTheFirstSession() {
        AtomicBoolean refused = new AtomicBoolean();
        fake.script = session -> {
            if (refused.compareAndSet(false, true)) {
                session.sendRaw("nonsense");
            } else {
                fake.welcome(session);
                fake.snapshot(session);
            }
        };
    }

    private static WeakReference<ClassLoader> brought(URI service) {
        try (URLClassLoader loader = new OwnLibrary()) {
            runIn(loader, () -> {
                Class<?> own = Class.forName(BringsTheLibrary.class.getName(), true, loader);
                assertThat(own).isNotSameAs(BringsTheLibrary.class);
                @SuppressWarnings("unchecked") // so it is declared
                Consumer<URI> application =
                        (Consumer<URI>) own.getDeclaredConstructor().newInstance();
                application.accept(service);
                return own;
            });
            return new WeakReference<>(loader);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Looks at home first, where the platform's loader would find the library of the test if that is a module. */
    private static final class OwnLibrary extends URLClassLoader {

        OwnLibrary() {
            super(
                    ClassRoots.all().stream().map(ClassLoadersTest::url).toArray(URL[]::new),
                    ClassLoader.getPlatformClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (!name.startsWith("dev.patchkey.") && !name.startsWith("com.fasterxml.")) {
                return super.loadClass(name, resolve);
            }
            synchronized (getClassLoadingLock(name)) {
                Class<?> defined = findLoadedClass(name);
                return defined == null ? findClass(name) : defined;
            }
        }
    }

    private static URL url(Path path) {
        try {
            return path.toUri().toURL();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void anApplicationThatSharedTheLibraryAndTheNodeIsCollectedWhileTheyGoOn() {
        Patchkey node = ready();
        Properties test = keys("nothing");
        assertThat(Garbage.collects(shared(node, test), Garbage.LONG)).isTrue();
        assertThat(StaticKey.of(test.getProperty("local")).isEnabled())
                .as("what it enabled for good")
                .isTrue();
        StaticKey held = StaticKey.of(test.getProperty("held"));
        fake.set(held.name(), 1);
        eventually(held::isEnabled);
    }

    @ParameterizedTest
    @ValueSource(strings = {"listener", "hold"})
    void whatItForgetsToCloseKeepsItAndTheTestSeesThat(String forgotten) {
        Patchkey node = ready();
        WeakReference<ClassLoader> application = shared(node, keys(forgotten));
        assertThat(Garbage.collects(application, IN_VAIN)).isFalse();
        node.close();
        assertThat(Garbage.collects(application, Garbage.LONG))
                .as("collected once the node is closed")
                .isTrue();
    }

    private static Properties keys(String forgotten) {
        Properties test = new Properties();
        test.setProperty("held", newKey("shared.held").name());
        test.setProperty("local", newKey("shared.local").name());
        test.setProperty("forgotten", forgotten);
        return test;
    }

    private static WeakReference<ClassLoader> shared(Patchkey node, Properties test) {
        ThrowawayLoader loader = new ThrowawayLoader(SharesTheLibrary.class);
        runIn(loader, () -> {
            @SuppressWarnings("unchecked") // so it is declared
            BiConsumer<Patchkey, Properties> application = (BiConsumer<Patchkey, Properties>)
                    loader.own().getDeclaredConstructor().newInstance();
            assertThat(application).isNotInstanceOf(SharesTheLibrary.class);
            application.accept(node, test);
            return application;
        });
        return new WeakReference<>(loader);
    }

    /** Runs it as a container runs an application: on a thread whose context class loader is the application's. */
    private static void runIn(ClassLoader loader, Callable<?> application) {
        Thread[] runner = new Thread[1];
        assertThat(get(inThread(() -> {
                    runner[0] = Thread.currentThread();
                    Thread.currentThread().setContextClassLoader(loader);
                    application.call();
                    return true;
                })))
                .isTrue();
        try {
            runner[0].join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
