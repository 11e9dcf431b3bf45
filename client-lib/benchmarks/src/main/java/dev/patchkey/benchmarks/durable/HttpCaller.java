package dev.patchkey.benchmarks.durable;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;

/**
 * A caller of the service, and no more of HTTP than that takes: one connection that is kept, one write for a request and
 * mostly one read for its answer. The load shares the machine with what it measures.
 */
final class HttpCaller implements Counters.Caller {

    private static final int LARGEST_ANSWER = 16 * 1024;
    private static final int PATIENCE_MILLIS = 40_000;

    private final Socket socket;
    private final byte[] answer = new byte[LARGEST_ANSWER];
    private int length;

    HttpCaller(URI service) throws IOException {
        socket = new Socket(service.getHost(), service.getPort());
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(PATIENCE_MILLIS);
    }

    @Override
    public int increment(String key) throws IOException {
        String request = "POST /v1/keys/" + key + "/increment HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n";
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        readAnswer();
        if (!startsWith("HTTP/1.1 200 ")) {
            throw new IOException("an increment was answered: " + text(length));
        }
        return 1;
    }

    private void readAnswer() throws IOException {
        InputStream in = socket.getInputStream();
        length = 0;
        int whole = -1;
        while (whole < 0 || length < whole) {
            int read = in.read(answer, length, LARGEST_ANSWER - length);
            if (read <= 0) {
                throw new EOFException("the service has closed the connection, or has answered too much");
            }
            length += read;
            if (whole < 0) {
                whole = wholeLength();
            }
        }
    }

    /** How long the answer is with its head; -1 if that is not known yet. */
    private int wholeLength() {
        for (int end = 3; end < length; end++) {
            if (answer[end] == '\n' && answer[end - 1] == '\r' && answer[end - 2] == '\n' && answer[end - 3] == '\r') {
                int body = end + 1;
                int declared = contentLength(text(body));
                return declared >= 0 ? body + declared : endOfChunks(body);
            }
        }
        return -1;
    }

    private static int contentLength(String head) {
        String name = "\r\ncontent-length:";
        int at = head.toLowerCase(Locale.ROOT).indexOf(name);
        if (at < 0) {
            return -1;
        }
        int from = at + name.length();
        return Integer.parseInt(head.substring(from, head.indexOf('\r', from)).trim());
    }

    /** The answers are JSON, which has no line like that of the last chunk. */
    private int endOfChunks(int body) {
        byte[] last = "\r\n0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
        int from = length - last.length;
        return from >= body && Arrays.equals(answer, from, length, last, 0, last.length) ? length : -1;
    }

    private boolean startsWith(String beginning) {
        return text(Math.min(length, beginning.length())).equals(beginning);
    }

    private String text(int upTo) {
        return new String(answer, 0, upTo, StandardCharsets.US_ASCII);
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
