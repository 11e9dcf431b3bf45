package dev.patchkey.client.protocol;

/** What the service answered to a hold change. */
public sealed interface HoldAnswer {

    /** It was decided, and the key stands so. */
    record Done(String key, int count, Version version) implements HoldAnswer {}

    /**
     * A problem, RFC 9457.
     *
     * @param status of HTTP
     * @param problem the last part of the problem's {@code type}; "unknown" without one
     * @param detail the sentence for people
     */
    record Problem(int status, String problem, String detail) implements HoldAnswer {}

    /**
     * Reads an answer.
     *
     * @throws InvalidMessageException if a success carries no such body
     */
    static HoldAnswer read(int status, String body) throws InvalidMessageException {
        if (status / 100 == 2) {
            JsonObject json = JsonObject.parse(body);
            return new Done(
                    json.key("key"),
                    (int) json.integer("count", 0, Integer.MAX_VALUE),
                    new Version(json.integer("epoch", 1, Long.MAX_VALUE), json.integer("revision", 0, Long.MAX_VALUE)));
        }
        try {
            JsonObject json = JsonObject.parse(body);
            String type = json.textOr("type", "unknown");
            String title = json.textOr("title", "no detail given");
            int name = Math.max(type.lastIndexOf('/'), type.lastIndexOf(':')) + 1;
            return new Problem(status, type.substring(name), json.textOr("detail", title));
        } catch (InvalidMessageException e) {
            // A proxy's answer, most likely: its status says enough.
            return new Problem(status, "unknown", "the answer carries no problem+json");
        }
    }
}
