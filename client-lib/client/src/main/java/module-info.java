/** The node's side of Patchkey: mirrors the service's counts into static keys, and holds keys. */
module dev.patchkey.client {
    requires transitive dev.patchkey.statickey;
    requires static org.jspecify;
    requires com.fasterxml.jackson.core;
    requires java.net.http;

    exports dev.patchkey.client;
}
