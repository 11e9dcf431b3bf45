package dev.patchkey.service.security;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * Names of any characters, written in those that a caller's name may have. No two names are written alike, since what was
 * written can be read back:
 *
 * <ul>
 *   <li>{@code @} and two of {@code [0-9A-F]} are one byte of UTF-8;
 *   <li>all else is what it is, {@code @} before anything else too.
 * </ul>
 *
 * So {@code auth0|7} is {@code auth0@7C7}, and {@code a@BCD} is {@code a@40BCD}. Names that have such characters alone, and
 * no {@code @} before such digits, stay as they are.
 */
final class NameEscape {

    private static final char MARK = '@';
    private static final HexFormat HEX = HexFormat.of().withUpperCase();

    private NameEscape() {}

    /** The name as it is written; null if it has half of a surrogate pair, which no byte of UTF-8 is. */
    static @Nullable String escape(String name) {
        ByteBuffer bytes;
        try {
            // The encoder of String would write each half as the same question mark.
            bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(name));
        } catch (CharacterCodingException e) {
            return null;
        }
        StringBuilder written = new StringBuilder();
        for (int i = 0; i < bytes.limit(); i++) {
            char character = (char) (bytes.get(i) & 0xff);
            boolean plain = isLetterOrDigit(character)
                    || (i > 0 && (character == MARK ? !readsAsByte(bytes, i) : "._-".indexOf(character) >= 0));
            if (plain) {
                written.append(character);
            } else {
                written.append(MARK).append(HEX.toHexDigits((byte) character));
            }
        }
        return written.toString();
    }

    /** Whether the mark there would be read as the beginning of a byte if it were written as it is. */
    private static boolean readsAsByte(ByteBuffer bytes, int mark) {
        return mark + 2 < bytes.limit() && isHex(bytes.get(mark + 1)) && isHex(bytes.get(mark + 2));
    }

    private static boolean isLetterOrDigit(char character) {
        return (character >= 'A' && character <= 'Z')
                || (character >= 'a' && character <= 'z')
                || (character >= '0' && character <= '9');
    }

    private static boolean isHex(byte character) {
        return (character >= '0' && character <= '9') || (character >= 'A' && character <= 'F');
    }
}
