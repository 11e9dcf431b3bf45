package dev.patchkey.statickey;

import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * A key and a static call of it, as subjects of a check.
 *
 * @param sites the models of their sites, if they are over such
 */
record KeyWithCall(
        List<ModelSite> sites, Runnable increment, Runnable decrement, BooleanSupplier test, BooleanSupplier call) {

    static KeyWithCall ours() {
        ModelSite site = new ModelSite();
        FoldedKey key = new Registry(site::create).of("with-call");
        StaticCall<Boolean> call = key.select(false, true);
        return new KeyWithCall(List.of(site), key.core()::increment, key.core()::decrement, key::isEnabled, call::get);
    }

    /** The same over a site of which there is no model. */
    static KeyWithCall ours(Site.Factory site) {
        FoldedKey key = new OurKey(site, 0).key();
        StaticCall<Boolean> call = key.select(false, true);
        return new KeyWithCall(List.of(), key.core()::increment, key.core()::decrement, key::isEnabled, call::get);
    }

    /** The call is a second key, rebound right after the first. */
    static KeyWithCall withItsOwnSite() {
        ModelSite first = new ModelSite();
        ModelSite second = new ModelSite();
        return withItsOwnSite(List.of(first, second), first::create, second::create);
    }

    /** The same over sites of which there is no model. */
    static KeyWithCall withItsOwnSite(Site.Factory site) {
        return withItsOwnSite(List.of(), site, site);
    }

    private static KeyWithCall withItsOwnSite(List<ModelSite> sites, Site.Factory first, Site.Factory second) {
        Sketch key = new Sketch(first, 0);
        Sketch call = new Sketch(second, 0);
        return new KeyWithCall(
                sites,
                () -> {
                    key.increment();
                    call.increment();
                },
                () -> {
                    key.decrement();
                    call.decrement();
                },
                key::isEnabled,
                call::isEnabled);
    }
}
