package dev.patchkey.client.protocol;

import java.util.ArrayList;
import java.util.List;

/** Reads what pods send. */
public final class PodMessages {

    /** The most characters of any message: 1 MiB of ASCII. */
    public static final int LONGEST = 1024 * 1024;

    /** The most characters of those that come all the time: 256 KiB of ASCII. */
    private static final int LONGEST_RECURRING = 256 * 1024;

    private static final int MOST_KEYS = 1_000;
    private static final int MOST_HELD = NodeMessages.MOST_HELD;

    /** A lease or heartbeat beyond a day is a mistake, and would overflow arithmetic in nanoseconds further on. */
    private static final long LONGEST_MILLIS = 24 * 60 * 60 * 1000L;

    private PodMessages() {}

    /**
     * Reads one message.
     *
     * @throws InvalidMessageException if it breaks the protocol: the text names the field and the rule
     */
    public static PodMessage read(String text) throws InvalidMessageException {
        JsonObject message = JsonObject.parse(text);
        String type = message.text("type");
        if (text.length() > LONGEST_RECURRING && !type.equals("welcome")) {
            throw new InvalidMessageException("message of this type must be at most " + LONGEST_RECURRING + " bytes");
        }
        return switch (type) {
            case "welcome" -> welcome(message);
            case "snapshot" ->
                new PodMessage.Snapshot(number(message), version(message), message.flag("last"), keys(message, 0));
            case "change" -> new PodMessage.Change(number(message), version(message), keys(message, 1));
            case "heartbeat" ->
                new PodMessage.Heartbeat(
                        message.integer("n", 0, Long.MAX_VALUE),
                        version(message),
                        message.integer("seq", 0, Long.MAX_VALUE));
            case "behind" -> new PodMessage.Behind(version(message));
            case "error" ->
                new PodMessage.Failure(
                        (int) message.integer("code", 1000, 4999),
                        message.textOr("problem", "unknown"),
                        message.textOr("detail", "no detail given"));
            default ->
                throw new InvalidMessageException(
                        "type must be one of welcome, snapshot, change, heartbeat, behind, error, not "
                                + InvalidMessageException.quote(type));
        };
    }

    private static PodMessage welcome(JsonObject message) throws InvalidMessageException {
        message.integer("protocol", 1, 1);
        return new PodMessage.Welcome(
                message.text("session"),
                message.integer("incarnationNumber", 0, Long.MAX_VALUE),
                message.integer("leaseMillis", 1, LONGEST_MILLIS),
                message.integer("heartbeatMillis", 1, LONGEST_MILLIS),
                message.textOr("pod", "unknown"),
                message.integer("epoch", 1, Long.MAX_VALUE),
                states(message.objects("held", MOST_HELD)));
    }

    private static long number(JsonObject message) throws InvalidMessageException {
        return message.integer("n", 1, Long.MAX_VALUE);
    }

    private static Version version(JsonObject message) throws InvalidMessageException {
        return new Version(message.integer("epoch", 1, Long.MAX_VALUE), message.integer("revision", 0, Long.MAX_VALUE));
    }

    private static List<KeyState> keys(JsonObject message, int least) throws InvalidMessageException {
        List<KeyState> states = states(message.objects("keys", MOST_KEYS));
        if (states.size() < least) {
            throw new InvalidMessageException("keys must be an array of " + least + " to " + MOST_KEYS + " objects");
        }
        return states;
    }

    private static List<KeyState> states(List<JsonObject> objects) throws InvalidMessageException {
        List<KeyState> states = new ArrayList<>(objects.size());
        for (JsonObject object : objects) {
            states.add(new KeyState(
                    object.key("key"),
                    (int) object.integer("count", 0, Integer.MAX_VALUE),
                    object.integer("revision", 0, Long.MAX_VALUE)));
        }
        return states;
    }
}
