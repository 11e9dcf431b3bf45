package dev.patchkey.benchmarks.flip;

import dev.patchkey.statickey.StaticKey;
import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import javax.management.JMException;
import javax.management.ObjectName;

/**
 * Methods that C2 has compiled with the key folded in. Whether they are is asked of the JVM: its list of compiled code
 * has them at level 4 before an edge, and none of them after it.
 */
final class Dependents {

    static final StaticKey KEY = StaticKey.detached("benchmark.flip");

    /** Tested to give the test a profile, so that nothing compiled for that depends on the key that is measured. */
    private static final StaticKey OTHER = StaticKey.detached("benchmark.flip.other");

    /**
     * For the JVM: a call of one of the methods waits for it to be compiled, which comes early, and they are compiled by
     * themselves, not as a part of what calls them. No option names anything else, so what makes an edge is compiled when
     * and how the JVM does it by default.
     */
    static final List<String> JVM_OPTIONS = List.of(
            "-XX:CompileCommand=quiet",
            "-XX:CompileCommand=BackgroundCompilation,*Dependent*::checked,false",
            "-XX:CompileCommand=CompileThresholdScaling,*Dependent*::checked,0.05",
            "-XX:CompileCommand=dontinline,*Dependent*::checked");

    /** C2's threshold is 5,000 calls, scaled 250; each round may fall short while profiles are being made. */
    private static final int CALLS_A_ROUND = 500;

    private static final int MOST_ROUNDS = 100;

    /** Under the JVM's defaults C2 takes a method after 5,000 calls, or 15,000 if it is late. */
    private static final int TESTS_A_ROUND = 20_000;

    /** For the compiler, between two of these rounds. */
    private static final long PAUSE_MILLIS = 10;

    /** Compile id, level 4, state 0 for code in use, the method. */
    private static final Pattern IN_USE_BY_C2 = Pattern.compile("^\\s*\\d+ 4 0 \\S*Dependent\\S*\\.checked\\(I\\)I .*");

    private static final Pattern TEST_IN_USE_BY_C2 =
            Pattern.compile("^\\s*\\d+ 4 0 \\S*\\.FoldedKey\\.isEnabled\\(\\)Z .*");

    private final List<MethodHandle> methods = new ArrayList<>();
    private int sum;

    /** Makes so many, not compiled yet. */
    void define(int count) throws ReflectiveOperationException, IOException, JMException, InterruptedException {
        profileTest();
        MethodHandles.Lookup here = MethodHandles.lookup();
        byte[] bytes = classFile();
        for (int i = 0; i < count; i++) {
            MethodHandles.Lookup hidden = here.defineHiddenClass(bytes, true);
            methods.add(
                    hidden.findStatic(hidden.lookupClass(), "checked", MethodType.methodType(int.class, int.class)));
        }
    }

    /** The methods are compiled early, and C2 inlines a test into them only if its own profile is complete by then. */
    private void profileTest() throws JMException, InterruptedException {
        for (int round = 0; round < MOST_ROUNDS; round++) {
            for (int i = 0; i < TESTS_A_ROUND; i++) {
                sum += OTHER.isEnabled() ? 1 : 0;
            }
            if (inUse(TEST_IN_USE_BY_C2) > 0) {
                return;
            }
            Thread.sleep(PAUSE_MILLIS);
        }
        throw new IllegalStateException("the test of a key is not compiled");
    }

    private static byte[] classFile() throws IOException {
        try (InputStream in = Dependent.class.getResourceAsStream("Dependent.class")) {
            if (in == null) {
                throw new IllegalStateException("Dependent.class is missing beside this class");
            }
            return in.readAllBytes();
        }
    }

    /** Calls them until all are compiled for the key's present state. */
    void compile() throws Throwable {
        for (int round = 0; round < MOST_ROUNDS; round++) {
            for (MethodHandle method : methods) {
                for (int i = 0; i < CALLS_A_ROUND; i++) {
                    sum += (int) method.invokeExact(i);
                }
            }
            if (compiled() == methods.size()) {
                return;
            }
        }
        throw new IllegalStateException("only " + compiled() + " of " + methods.size() + " are compiled; sum " + sum);
    }

    /** After an edge: none may be in use, or they did not depend on the key. */
    void requireNoneCompiled() throws JMException {
        if (compiled() != 0) {
            throw new IllegalStateException(compiled() + " compiled methods have outlived the edge");
        }
    }

    private static long compiled() throws JMException {
        return inUse(IN_USE_BY_C2);
    }

    private static long inUse(Pattern code) throws JMException {
        String list = (String) ManagementFactory.getPlatformMBeanServer()
                .invoke(new ObjectName("com.sun.management:type=DiagnosticCommand"), "compilerCodelist", null, null);
        return list.lines().filter(line -> code.matcher(line).matches()).count();
    }
}
