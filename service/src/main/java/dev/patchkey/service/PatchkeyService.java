package dev.patchkey.service;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;

/** The service: one running instance of it is a pod. */
@SpringBootApplication
@ConfigurationPropertiesScan
public class PatchkeyService {

    /** Of the JDK: how many threads the common pool has. */
    private static final String COMMON_POOL = "java.util.concurrent.ForkJoinPool.common.parallelism";

    public static void main(String[] args) {
        widenCommonPool();
        SpringApplication.run(PatchkeyService.class, args);
    }

    /**
     * Hazelcast completes what is asked of it in the common pool; but where that has one thread, as on two processors or
     * fewer, in a new thread each time, which costs more than the answer. Must come before the pool is first used. What
     * an operator has set is left alone.
     */
    static void widenCommonPool() {
        if (Runtime.getRuntime().availableProcessors() <= 2 && System.getProperty(COMMON_POOL) == null) {
            System.setProperty(COMMON_POOL, "2");
        }
    }
}
