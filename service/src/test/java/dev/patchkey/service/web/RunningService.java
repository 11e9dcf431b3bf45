package dev.patchkey.service.web;

import dev.patchkey.service.PatchkeyService;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.springframework.boot.test.context.SpringBootTest;

/** The whole service on a random port, over an H2 file of its own. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@SpringBootTest(
        classes = PatchkeyService.class,
        webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
        properties = {
            "spring.datasource.url=jdbc:h2:file:./target/test-data/${random.uuid}/patchkey;WRITE_DELAY=0",
            "patchkey.cluster.name=${random.uuid}"
        })
public @interface RunningService {}
