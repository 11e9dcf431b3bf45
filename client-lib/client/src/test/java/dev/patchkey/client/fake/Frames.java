package dev.patchkey.client.fake;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;

/** The frames of RFC 6455, a server's side. */
final class Frames {

    static final int CONTINUATION = 0;
    static final int TEXT = 1;
    static final int BINARY = 2;
    static final int CLOSE = 8;
    static final int PING = 9;
    static final int PONG = 10;

    private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    private Frames() {}

    static final class Frame {
        private final boolean last;
        private final int opcode;
        private final byte[] payload;

        private Frame(boolean last, int opcode, byte[] payload) {
            this.last = last;
            this.opcode = opcode;
            this.payload = payload;
        }

        boolean last() {
            return last;
        }

        int opcode() {
            return opcode;
        }

        byte[] payload() {
            return payload;
        }
    }

    static String accept(String key) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-1").digest((key + GUID).getBytes(StandardCharsets.US_ASCII));
            return Base64.getEncoder().encodeToString(digest);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    static Frame read(DataInputStream in) throws IOException {
        int first = in.readUnsignedByte();
        int second = in.readUnsignedByte();
        long length = second & 0x7f;
        if (length == 126) {
            length = in.readUnsignedShort();
        } else if (length == 127) {
            length = in.readLong();
        }
        if (length > 2_000_000) {
            throw new EOFException("a frame of " + length + " bytes");
        }
        byte[] mask = new byte[4];
        if ((second & 0x80) != 0) {
            in.readFully(mask);
        }
        byte[] payload = new byte[(int) length];
        in.readFully(payload);
        for (int i = 0; i < payload.length; i++) {
            payload[i] ^= mask[i & 3];
        }
        return new Frame((first & 0x80) != 0, first & 0xf, payload);
    }

    static void write(OutputStream out, boolean last, int opcode, byte[] payload) throws IOException {
        byte[] header = new byte[10];
        header[0] = (byte) ((last ? 0x80 : 0) | opcode);
        int size;
        if (payload.length < 126) {
            header[1] = (byte) payload.length;
            size = 2;
        } else if (payload.length < 65536) {
            header[1] = 126;
            header[2] = (byte) (payload.length >> 8);
            header[3] = (byte) payload.length;
            size = 4;
        } else {
            header[1] = 127;
            for (int i = 0; i < 8; i++) {
                header[2 + i] = (byte) ((long) payload.length >> (56 - 8 * i));
            }
            size = 10;
        }
        byte[] frame = Arrays.copyOf(header, size + payload.length);
        System.arraycopy(payload, 0, frame, size, payload.length);
        out.write(frame);
        out.flush();
    }

    static byte[] closePayload(int code, String reason) {
        byte[] text = reason.getBytes(StandardCharsets.UTF_8);
        byte[] payload = new byte[2 + text.length];
        payload[0] = (byte) (code >> 8);
        payload[1] = (byte) code;
        System.arraycopy(text, 0, payload, 2, text.length);
        return payload;
    }
}
