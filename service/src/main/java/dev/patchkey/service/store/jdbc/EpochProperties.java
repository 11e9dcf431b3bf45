package dev.patchkey.service.store.jdbc;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The life of the database.
 *
 * @param beginNew whether this start begins a new epoch, as the first start after the database was restored must
 */
@ConfigurationProperties(prefix = "patchkey.epoch", ignoreUnknownFields = false)
record EpochProperties(@DefaultValue("false") boolean beginNew) {}
