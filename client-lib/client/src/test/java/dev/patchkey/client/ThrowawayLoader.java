package dev.patchkey.client;

import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;

/** The loader of an application that comes and goes: defines one class anew, and takes the others from its parent. */
final class ThrowawayLoader extends ClassLoader {

    private final String own;

    ThrowawayLoader(Class<?> own) {
        super(own.getClassLoader());
        this.own = own.getName();
    }

    /** The class of this loader, not initialised yet. */
    Class<?> own() {
        try {
            return Class.forName(own, false, this);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (!name.equals(own)) {
            return super.loadClass(name, resolve);
        }
        synchronized (getClassLoadingLock(name)) {
            Class<?> defined = findLoadedClass(name);
            return defined == null ? define(name) : defined;
        }
    }

    private Class<?> define(String name) {
        String file = name.replace('.', '/') + ".class";
        try (InputStream in = Objects.requireNonNull(getParent().getResourceAsStream(file), file)) {
            byte[] bytes = in.readAllBytes();
            return defineClass(name, bytes, 0, bytes.length);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
