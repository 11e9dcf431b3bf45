@NullMarked
package dev.patchkey.service.store.hazelcast;

import org.jspecify.annotations.NullMarked;
