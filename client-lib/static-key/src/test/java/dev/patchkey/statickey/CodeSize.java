package dev.patchkey.statickey;

import com.sun.management.ThreadMXBean;
import dev.patchkey.statickey.CodeShapes.Shape;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.management.JMException;
import javax.management.ObjectName;
import org.jspecify.annotations.Nullable;

/**
 * Measures, in a JVM of its own, the machine code of {@link CodeShapes} with everything off, on, and both again after
 * many flips; and what the checks allocate. Writes a line for each row.
 *
 * <p>The JVM must compile in the foreground ({@code -Xbatch}), so that a method is compiled when the call that made it
 * hot returns, and must not compile {@link #drive}, which would inline what is measured. Everything off comes first, and
 * of that a method that checks a key once: a key that was never flipped is the common case, and no compiled code has
 * tested one before.
 *
 * <p>The size is that of the instructions and their stubs, from {@code Compiler.codelist}: what can be executed, and
 * nothing else. The size of the whole nmethod has relocations, debug information and dependencies in it, which a key
 * that folds does have and a constant has not; they take memory and no time. This command is the same on all JDKs, is
 * no diagnostic option, and says what is in use at the moment, where a log of compilations would have to be replayed.
 */
final class CodeSize {

    /** More calls than C2 wants before it compiles, with its profiling tier before it. */
    private static final int CALLS = 20_000;

    /** Rounds of these calls before we give up: a flip may cost a deoptimisation and two tiers, which take three or four. */
    private static final int ROUNDS = 50;

    /** Flips between the first and the second look: each discards what is compiled, and lets it be compiled again. */
    private static final int FLIPS = 6;

    /** Calls over which allocation is measured. */
    private static final int MANY_CALLS = 200_000;

    private static final Pattern CODE = Pattern.compile(
            "(?m)^\\s*(?<id>\\d+)\\s+(?<level>\\d)\\s+(?<state>-?\\d+)\\s+(?<class>[\\w.$]+)\\.run\\(I\\)I\\s.*?"
                    + "\\[0x\\w+, 0x(?<begin>\\w+) - 0x(?<end>\\w+)\\]");

    /** In {@code Compiler.codelist}: entered by new calls. */
    private static final int IN_USE = 0;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** What is measured under one name: the code for off, and the code for on, which are the same unless it is a limit. */
    private record Row(String name, Shape off, Shape on, List<Long> sizes, List<Long> allocated) {
        Row(String name, Shape off, Shape on) {
            this(name, off, on, new ArrayList<>(), new ArrayList<>());
        }

        Row(String name, Shape shape) {
            this(name, shape, shape);
        }
    }

    private final int level;
    private final CodeShapes.Switch everything = new CodeShapes.Switch();
    private final List<Row> rows = List.of(
            new Row("one check: static key", new CodeShapes.OneStaticKey()),
            new Row(
                    "one check: static final boolean",
                    new CodeShapes.OneStaticFinalOff(),
                    new CodeShapes.OneStaticFinalOn()),
            new Row("no check", new CodeShapes.NoCheck()),
            new Row("static final boolean", new CodeShapes.StaticFinalOff(), new CodeShapes.StaticFinalOn()),
            new Row("static key: static final", new CodeShapes.InAStaticFinal()),
            new Row("static key: in a constant record", new CodeShapes.InARecord()),
            new Row("static key: in a constant lambda", new CodeShapes.InALambda()),
            new Row("static key: in a final field", new CodeShapes.InAFinalField()),
            new Row("static key: in an enum constant", new CodeShapes.InAnEnum()),
            new Row("static key: in an array", new CodeShapes.InAnArray()),
            new Row("static key: in an Optional", new CodeShapes.InAnOptional()),
            new Row("volatile boolean", new CodeShapes.VolatileBoolean()),
            new Row("broken: key of an ordinary class", new CodeShapes.OfAnOrdinaryClass()),
            new Row("broken: key that reads its count", new CodeShapes.OfACount()),
            new Row("broken: key that allocates", new CodeShapes.OfAnAllocation()),
            new Row("direct call", new CodeShapes.DirectCallOff(), new CodeShapes.DirectCallOn()),
            new Row("static call", new CodeShapes.OfAStaticCall()),
            new Row("call through a volatile", new CodeShapes.OfAVolatileChoice()));

    private CodeSize(int level) {
        this.level = level;
    }

    /** The file to write to, and the compiler to wait for: 4 is C2, 1 is C1. */
    public static void main(String[] args) throws IOException {
        CodeSize measurement = new CodeSize(Integer.parseInt(args[1]));
        measurement.run();
        try (PrintWriter out = new PrintWriter(Files.newBufferedWriter(Path.of(args[0])))) {
            measurement.rows.forEach(row -> {
                StringBuilder line = new StringBuilder(row.name);
                row.sizes.forEach(size -> line.append('\t').append(size));
                row.allocated.forEach(bytes -> line.append('\t').append(bytes));
                out.println(line);
            });
        }
    }

    private void run() {
        measure(false);
        flipTo(true);
        measure(true);
        for (int flip = 0; flip < FLIPS; flip++) {
            flipTo(flip % 2 != 0);
            rows.forEach(row -> settle(row.off));
        }
        flipTo(false);
        measure(false);
        rows.forEach(row -> row.allocated.add(allocatedBy(row.off)));
        flipTo(true);
        measure(true);
        rows.forEach(row -> row.allocated.add(allocatedBy(row.on)));
    }

    private void flipTo(boolean enabled) {
        everything.set(enabled);
    }

    private void measure(boolean enabled) {
        rows.forEach(row -> row.sizes.add(settle(enabled ? row.on : row.off)));
    }

    /** Calls until two looks in a row find the same code of the compiler; its size. */
    private long settle(Shape shape) {
        int last = -1;
        for (int round = 0; round < ROUNDS; round++) {
            drive(shape, CALLS);
            Matcher code = codeOf(shape);
            if (code != null) {
                int id = Integer.parseInt(code.group("id"));
                if (id == last) {
                    return Long.parseUnsignedLong(code.group("end"), 16)
                            - Long.parseUnsignedLong(code.group("begin"), 16);
                }
                last = id;
            }
        }
        throw new IllegalStateException(shape.getClass().getName() + " has not been compiled for good at level " + level
                + " after " + ROUNDS + " times " + CALLS + " calls:\n" + codeList());
    }

    /** Interpreted for ever, so that each of its calls is one, and none is left out though nobody wants its result. */
    private static void drive(Shape shape, int calls) {
        for (int i = 0; i < calls; i++) {
            shape.run(i);
        }
    }

    private static long allocatedBy(Shape shape) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        drive(shape, MANY_CALLS);
        return THREADS.getCurrentThreadAllocatedBytes() - before;
    }

    private @Nullable Matcher codeOf(Shape shape) {
        Matcher code = CODE.matcher(codeList());
        while (code.find()) {
            if (code.group("class").equals(shape.getClass().getName())
                    && Integer.parseInt(code.group("level")) == level
                    && Integer.parseInt(code.group("state")) == IN_USE) {
                return code;
            }
        }
        return null;
    }

    private static String codeList() {
        try {
            return (String) ManagementFactory.getPlatformMBeanServer()
                    .invoke(
                            new ObjectName("com.sun.management:type=DiagnosticCommand"),
                            "compilerCodelist",
                            null,
                            null);
        } catch (JMException e) {
            throw new IllegalStateException("this JVM has no Compiler.codelist", e);
        }
    }
}
