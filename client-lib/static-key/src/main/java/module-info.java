/** Static keys: switches whose test is a constant in the compiled code. Depends on nothing but the JDK. */
module dev.patchkey.statickey {
    requires static transitive org.jspecify;

    exports dev.patchkey.statickey;
}
