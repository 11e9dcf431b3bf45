package dev.patchkey.client.fake;

/**
 * An HTTP answer.
 *
 * @param status 0 for none: the connection is dropped instead
 */
public record Reply(int status, String body) {

    public static final Reply DROP = new Reply(0, "");

    public static Reply problem(int status, String problem, String detail) {
        return new Reply(
                status,
                "{\"type\":\"urn:patchkey:problem:" + problem + "\",\"status\":" + status + ",\"detail\":\"" + detail
                        + "\"}");
    }
}
