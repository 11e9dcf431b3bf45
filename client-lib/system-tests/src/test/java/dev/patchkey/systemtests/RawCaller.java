package dev.patchkey.systemtests;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;

/** A caller that keeps one connection, and neither tries again nor connects anew, as clients do by themselves. */
final class RawCaller implements AutoCloseable {

    /** Far above what an answer takes. */
    private static final Duration PATIENCE = Duration.ofSeconds(40);

    private static final String LENGTH = "content-length:";

    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;

    RawCaller(int port) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setTcpNoDelay(true);
        socket.setSoTimeout((int) PATIENCE.toMillis());
        in = socket.getInputStream();
        out = socket.getOutputStream();
    }

    /** @param closes whether the service has announced that it closes the connection */
    record Answer(int status, boolean closes) {}

    /** @throws IOException if the connection ends before there is a whole answer */
    Answer post(String path, String idempotencyKey) throws IOException {
        String request = "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nIdempotency-Key: "
                + idempotencyKey + "\r\n\r\n";
        out.write(request.getBytes(StandardCharsets.US_ASCII));
        out.flush();
        int status = Integer.parseInt(line().split(" ", -1)[1]);
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
        } else if (closes) {
            in.readAllBytes();
        } else {
            throw new IOException("an answer without a length");
        }
        return new Answer(status, closes);
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new EOFException("the connection has ended after: " + line);
            }
            if (next != '\r') {
                line.append((char) next);
            }
        }
        return line.toString();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
