/** The meters of a node, for Micrometer. */
module dev.patchkey.micrometer {
    requires transitive dev.patchkey.client;
    requires transitive micrometer.core;
    requires static org.jspecify;

    exports dev.patchkey.micrometer;
}
