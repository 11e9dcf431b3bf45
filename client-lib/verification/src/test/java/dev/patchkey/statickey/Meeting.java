package dev.patchkey.statickey;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jetbrains.kotlinx.lincheck.Actor;
import org.jetbrains.kotlinx.lincheck.execution.ExecutionScenario;
import org.jetbrains.lincheck.datastructures.Operation;

/**
 * A scenario written by hand: {@code "before => one thread | another => after"}, each a sequence of operations of the
 * model, in which threads meet where the algorithm could go wrong.
 */
record Meeting(String text) {

    private static final Pattern CALL = Pattern.compile("(\\w+)(?:\\(([\\d,]*)\\))?");

    /** The scenario, of the operations of that model. */
    ExecutionScenario of(Class<?> model) {
        String[] parts = text.split("=>", -1);
        if (parts.length != 3) {
            throw new IllegalArgumentException("a meeting is 'before => threads => after', but was '" + text + "'");
        }
        List<List<Actor>> threads = Arrays.stream(parts[1].split("\\|"))
                .map(thread -> actors(model, thread))
                .toList();
        return new ExecutionScenario(actors(model, parts[0]), threads, actors(model, parts[2]), null);
    }

    private static List<Actor> actors(Class<?> model, String calls) {
        List<Actor> actors = new ArrayList<>();
        Matcher call = CALL.matcher(calls);
        while (call.find()) {
            List<Object> arguments = new ArrayList<>();
            if (call.group(2) != null) {
                Arrays.stream(call.group(2).split(",")).map(Integer::valueOf).forEach(arguments::add);
            }
            actors.add(actor(model, call.group(1), arguments));
        }
        return actors;
    }

    private static Actor actor(Class<?> model, String operation, List<Object> arguments) {
        for (Method method : model.getMethods()) {
            if (method.getName().equals(operation) && method.isAnnotationPresent(Operation.class)) {
                boolean blocking = method.getAnnotation(Operation.class).blocking();
                return new Actor(method, arguments, false, blocking);
            }
        }
        throw new IllegalArgumentException(model + " has no operation '" + operation + "'");
    }

    @Override
    public String toString() {
        return text;
    }
}
