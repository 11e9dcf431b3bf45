package dev.patchkey.service;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;

/** The service: one running instance of it is a pod. */
@SpringBootApplication
@ConfigurationPropertiesScan
public class PatchkeyService {

    public static void main(String[] args) {
        SpringApplication.run(PatchkeyService.class, args);
    }
}
