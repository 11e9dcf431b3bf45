package dev.patchkey.statickey;

import java.util.Iterator;
import java.util.List;
import java.util.function.BooleanSupplier;

/** A key and a static call of it, as subjects of a check. */
record KeyWithCall(
        List<ModelSite> sites, Runnable increment, Runnable decrement, BooleanSupplier test, BooleanSupplier call) {

    static KeyWithCall ours() {
        ModelSite site = new ModelSite();
        FoldedKey key = new Registry(site::create).of("with-call");
        StaticCall<Boolean> call = key.select(false, true);
        return new KeyWithCall(List.of(site), key.core()::increment, key.core()::decrement, key::isEnabled, call::get);
    }

    /** The call is a second key, rebound right after the first. */
    static KeyWithCall withItsOwnSite() {
        List<ModelSite> sites = List.of(new ModelSite(), new ModelSite());
        Iterator<ModelSite> next = sites.iterator();
        return withItsOwnSite(sites, target -> next.next().create(target));
    }

    /** As {@link #withItsOwnSite()}, over sites that the factory makes; those to be listened to are given. */
    static KeyWithCall withItsOwnSite(List<ModelSite> sites, Site.Factory factory) {
        Sketch key = new Sketch(factory, 0);
        Sketch call = new Sketch(factory, 0);
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
