package dev.patchkey.service.web;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * What operators may set of holds.
 *
 * @param longestLease the longest lease that an operator's hold may have; from PT1S to P3650D
 */
@ConfigurationProperties(prefix = "patchkey.holds", ignoreUnknownFields = false)
record HoldProperties(@DefaultValue("P30D") Duration longestLease) {
    HoldProperties {
        if (longestLease.compareTo(Duration.ofSeconds(1)) < 0 || longestLease.compareTo(Duration.ofDays(3650)) > 0) {
            throw new IllegalArgumentException(
                    "patchkey.holds.longest-lease must be from PT1S to P3650D, and is " + longestLease);
        }
    }
}
