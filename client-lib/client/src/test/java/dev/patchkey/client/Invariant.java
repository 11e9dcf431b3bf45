package dev.patchkey.client;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/** Says which promise the tests of a class hold the node to. A failure of any of them begins with its words. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(InvariantInFailures.class)
@interface Invariant {

    /** Its number: N1 to N8. */
    String number();

    /** Its words. */
    String text();
}
