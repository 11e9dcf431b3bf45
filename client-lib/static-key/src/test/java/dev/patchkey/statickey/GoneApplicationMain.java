package dev.patchkey.statickey;

import java.io.File;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A young JVM in which an application is the first to need the JDK's timer, flushes its key and goes. Prints whether its
 * class loader was collected, and how many threads it has left in its group.
 */
final class GoneApplicationMain {

    private static final InheritableThreadLocal<Object> INHERITABLE = new InheritableThreadLocal<>();

    private GoneApplicationMain() {}

    /** Takes the prefix of the classes that the application brings itself, and the name of what it does. */
    public static void main(String[] args) throws Exception {
        ThreadGroup group = new ThreadGroup("application");
        WeakReference<ClassLoader> application = runAndGo(group, args[0], args[1]);
        for (int i = 0; i < Garbage.MANY / 5 && !application.refersTo(null); i++) {
            System.gc();
            Actor.sleepMillis(5);
        }
        System.out.println("collected " + application.refersTo(null) + ", threads " + group.activeCount());
    }

    private static WeakReference<ClassLoader> runAndGo(ThreadGroup group, String brought, String name)
            throws ReflectiveOperationException, IOException, InterruptedException {
        try (Brought loader = new Brought(brought)) {
            Class<?> type = Class.forName(GoneApplicationMain.class.getName() + "$" + name, true, loader);
            Runnable application = (Runnable) type.getDeclaredConstructor().newInstance();
            Thread thread = new Thread(group, () -> {
                INHERITABLE.set(application);
                application.run();
            });
            thread.setContextClassLoader(loader);
            thread.start();
            thread.join();
            return new WeakReference<>(loader);
        }
    }

    /** Looks at home first for the classes whose names begin so. */
    private static final class Brought extends URLClassLoader {

        private final String prefix;

        Brought(String prefix) throws IOException {
            super(classPath());
            this.prefix = prefix;
        }

        private static URL[] classPath() throws IOException {
            List<URL> urls = new ArrayList<>();
            for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
                urls.add(Path.of(entry).toUri().toURL());
            }
            return urls.toArray(URL[]::new);
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (!name.startsWith(prefix)) {
                return super.loadClass(name, resolve);
            }
            synchronized (getClassLoadingLock(name)) {
                Class<?> loaded = findLoadedClass(name);
                return loaded == null ? findClass(name) : loaded;
            }
        }
    }

    /** Defers, and flushes before it goes. */
    public static final class Flushing implements Runnable {

        @Override
        public void run() {
            StaticKey key = StaticKey.of("gone");
            key.deferDisable(Duration.ofHours(1));
            key.enable().close();
            boolean deferred = key.isEnabled();
            key.deferDisable(Duration.ZERO);
            key.flush();
            if (!deferred || key.isEnabled()) {
                throw new IllegalStateException("nothing was deferred, or it was not flushed: " + key);
            }
        }
    }

    /** Uses the timer itself, without this library. */
    public static final class Bare implements Runnable {

        @Override
        public void run() {
            new CompletableFuture<Boolean>()
                    .completeOnTimeout(true, 1, TimeUnit.NANOSECONDS)
                    .join();
        }
    }

    /** Defers and goes, a flush short. */
    public static final class Forgetting implements Runnable {

        @Override
        public void run() {
            StaticKey key = StaticKey.of("gone");
            key.deferDisable(Duration.ofHours(1));
            key.enable().close();
        }
    }
}
