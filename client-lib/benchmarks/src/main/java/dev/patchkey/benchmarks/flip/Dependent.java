package dev.patchkey.benchmarks.flip;

/** A method that tests a key; defined anew as a hidden class as often as there are to be dependent methods. */
final class Dependent {

    private Dependent() {}

    /** Does as much for an enabled key as for a disabled one. */
    static int checked(int value) {
        return Dependents.KEY.isEnabled() ? value * 31 + 7 : value * 37 + 5;
    }
}
