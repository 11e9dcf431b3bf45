package dev.patchkey.benchmarks.flip;

/** A method that tests a key; defined anew as a hidden class as often as there are to be dependent methods. */
final class Dependent {

    private Dependent() {}

    /** Small, so that compiling a thousand of them does not take long. */
    static int checked(int value) {
        return Dependents.KEY.isEnabled() ? value + 7 : value - 5;
    }
}
