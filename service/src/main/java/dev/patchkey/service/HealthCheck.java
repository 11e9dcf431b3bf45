package dev.patchkey.service;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;

/** Asks a service whether it is well, for container engines that run a program to know: the image has no other that could. */
final class HealthCheck {

    /** Longer than a service that is well takes, and shorter than engines wait. */
    private static final int TIMEOUT_MILLIS = 3_000;

    private HealthCheck() {}

    /**
     * Ends with 0 if the answer is 200, and else with 1, as engines expect.
     *
     * @param args the address to ask
     */
    public static void main(String[] args) {
        System.exit(isWell(args) ? 0 : 1);
    }

    private static boolean isWell(String[] args) {
        if (args.length != 1) {
            System.err.println("One argument is expected: the address to ask, such as"
                    + " http://127.0.0.1:8080/actuator/health/liveness");
            return false;
        }
        try {
            HttpURLConnection connection =
                    (HttpURLConnection) URI.create(args[0]).toURL().openConnection();
            connection.setConnectTimeout(TIMEOUT_MILLIS);
            connection.setReadTimeout(TIMEOUT_MILLIS);
            return connection.getResponseCode() == HttpURLConnection.HTTP_OK;
        } catch (IOException | IllegalArgumentException | ClassCastException e) {
            System.err.println(args[0] + " does not answer: " + e.getMessage());
            return false;
        }
    }
}
