package dev.patchkey.statickey;

import java.lang.invoke.MethodHandle;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** What the stress tests of this JVM run on: a variant of the key over one kind of site, by system properties. */
final class UnderTest {

    /** The name of a {@link Variant}. */
    static final String VARIANT_PROPERTY = "patchkey.variant";

    /** The name of a {@link Sites}. */
    static final String SITES_PROPERTY = "patchkey.sites";

    private static final Variant VARIANT = Variant.valueOf(System.getProperty(VARIANT_PROPERTY, Variant.OURS.name()));
    private static final Sites SITES = Sites.valueOf(System.getProperty(SITES_PROPERTY, Sites.CALL_SITE.name()));

    private UnderTest() {}

    /** What a key's site is. */
    @SuppressWarnings("ImmutableEnumChecker") // factories are constructors
    enum Sites {
        /** HotSpot's: an edge costs two safepoints. */
        CALL_SITE(VolatileSite::new),

        /** A volatile field, so that the count is raced a hundred times as often. */
        FIELD(FieldSite::new);

        final Site.Factory factory;

        Sites(Site.Factory factory) {
            this.factory = factory;
        }
    }

    /** A new local key with this count. */
    static Subject key(int count) {
        return VARIANT.factory.create(SITES.factory, count);
    }

    /** A new key that mirrors this count of epoch 1. */
    static Subject mirroring(int count, long revision) {
        Subject key = key(0);
        key.apply(count, 1, revision);
        return key;
    }

    /** The key itself with this count, new. */
    static OurKey ours(int count) {
        return new OurKey(SITES.factory, count);
    }

    /** A new key and a static call of it. */
    static KeyWithCall keyWithCall() {
        return VARIANT.keyWithCall(SITES.factory);
    }

    /** How to give back one of the key's references, once. */
    static Runnable closing(FoldedKey key) {
        return VARIANT.closing(key);
    }

    /** A new key with this count, and its site. */
    static KeyAndSite keyAndSite(int count) {
        AtomicReference<@Nullable Site> made = new AtomicReference<>();
        Subject key = VARIANT.factory.create(
                target -> {
                    Site site = SITES.factory.create(target);
                    made.set(site);
                    return site;
                },
                count);
        Site site = made.get();
        if (site == null) {
            throw new IllegalStateException("a key without a site");
        }
        return new KeyAndSite(key, site, key instanceof OurKey ours ? ours.key() : null);
    }

    /**
     * A key with its site: a record, whose components the JIT trusts, so that in a constant of it both are constants,
     * and the test folds. What the key is in an ordinary object would not.
     *
     * @param ours the key itself, or null if this is a variant
     */
    record KeyAndSite(Subject key, Site site, @Nullable FoldedKey ours) {

        /** The key's test over its constant site. */
        boolean isEnabled() {
            if (ours != null) {
                return ours.isEnabled();
            }
            return key instanceof Sketch sketch && sketch.isEnabled(target());
        }

        MethodHandle target() {
            return site.target();
        }
    }
}
