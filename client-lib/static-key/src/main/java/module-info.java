/** Static keys: switches whose test is a constant in the compiled code. Depends on nothing but the JDK. */
@SuppressWarnings("module") // the two modules that the mirror is exported to are built after this one
module dev.patchkey.statickey {
    requires static org.jspecify;

    exports dev.patchkey.statickey;
    exports dev.patchkey.statickey.mirror to
            dev.patchkey.client,
            dev.patchkey.junit;
}
