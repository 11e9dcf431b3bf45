package dev.patchkey.service.web;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A caller's connection, byte by byte: no client between, which would try again or connect anew by itself. */
final class KeptConnection implements AutoCloseable {

    /** Far above what an answer takes. */
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private static final String LENGTH = "content-length:";

    private final Socket socket;
    private final InputStream in;

    KeptConnection(Socket socket) throws IOException {
        this.socket = socket;
        socket.setTcpNoDelay(true);
        socket.setSoTimeout((int) PATIENCE.toMillis());
        in = socket.getInputStream();
    }

    /** @param closes whether the service has announced that it closes the connection */
    record Answer(int status, boolean closes) {}

    static String get(String path) {
        return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    }

    static String increment(String key, String idempotencyKey) {
        return "POST /v1/keys/" + key + "/increment HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n"
                + "Idempotency-Key: " + idempotencyKey + "\r\n\r\n";
    }

    KeptConnection send(String bytes) throws IOException {
        socket.getOutputStream().write(bytes.getBytes(StandardCharsets.US_ASCII));
        socket.getOutputStream().flush();
        return this;
    }

    Answer ask(String request) throws IOException {
        return send(request).answer();
    }

    /** @throws IOException if the connection ends before there is a whole answer */
    Answer answer() throws IOException {
        String status = line();
        boolean closes = false;
        boolean chunked = false;
        int length = -1;
        // Ends with the head, which the service keeps within its buffer.
        for (String field = line(); !field.isEmpty(); field = line()) {
            String lower = field.toLowerCase(Locale.ROOT);
            closes |= lower.equals("connection: close");
            chunked |= lower.equals("transfer-encoding: chunked");
            if (lower.startsWith(LENGTH)) {
                length = Integer.parseInt(lower.substring(LENGTH.length()).strip());
            }
        }
        if (chunked) {
            do {
                length = Integer.parseInt(line(), 16);
                in.skipNBytes(length);
                line();
            } while (length > 0);
        } else if (length >= 0) {
            in.skipNBytes(length);
        } else {
            // The end of the connection is the end of the body, which may not come without being announced.
            in.readAllBytes();
            if (!closes) {
                throw new EOFException("the connection has ended in an answer");
            }
        }
        return new Answer(Integer.parseInt(status.split(" ", -1)[1]), closes);
    }

    private String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new EOFException("the connection has ended after: " + line.toString(StandardCharsets.US_ASCII));
            }
            if (next != '\r') {
                line.write(next);
            }
        }
        return line.toString(StandardCharsets.US_ASCII);
    }

    /** Waits until the service has closed; null if it did so in order, with nothing left to read. */
    @Nullable String closed() {
        try {
            int next = in.read();
            return next < 0 ? null : "another byte: " + next;
        } catch (IOException e) {
            return e.toString();
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
