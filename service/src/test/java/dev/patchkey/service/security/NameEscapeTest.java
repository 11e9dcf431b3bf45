package dev.patchkey.service.security;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.service.refcount.Holder;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NameEscapeTest {

    private static final Pattern BYTE = Pattern.compile("@([0-9A-F]{2})");

    /** What names are made of that could be taken for each other. */
    private static final String[] PARTS = {"@", "4", "0", "C", "|", "a", ".", "%", ":", "\u00e9", "\ud83d\ude00", "\n"};

    @ParameterizedTest
    @CsvSource({
        "alice,alice",
        "alice@example.com,alice@example.com",
        "8f14e45f-ceea-467f-9a3b-1c2d3e4f5a6b,8f14e45f-ceea-467f-9a3b-1c2d3e4f5a6b",
        "auth0|abc123,auth0@7Cabc123",
        "google-oauth2|1035,google-oauth2@7C1035",
        "auth0@7Cabc123,auth0@407Cabc123",
        "a:b,a@3Ab",
        "-a,@2Da",
        "@a,@40a",
        "é,@C3@A9",
    })
    void aNameIsWrittenInTheCharactersOfNames(String name, String written) {
        assertThat(NameEscape.escape(name)).isEqualTo(written);
    }

    @Test
    void noTwoNamesAreWrittenAlikeAndEachCanBeReadBack() {
        Random random = new Random(1);
        Map<String, String> names = new HashMap<>();
        for (int i = 0; i < 200_000; i++) {
            StringBuilder made = new StringBuilder();
            for (int parts = 1 + random.nextInt(6); parts > 0; parts--) {
                made.append(PARTS[random.nextInt(PARTS.length)]);
            }
            String name = made.toString();
            String written = String.valueOf(NameEscape.escape(name));
            assertThat(names.computeIfAbsent(written, first -> name)).isEqualTo(name);
            assertThat(read(written)).isEqualTo(name);
            assertThat(Holder.isValid("jwt:" + written)).as(written).isTrue();
            // Or it would be bound to the caller whose name stands before the colon.
            assertThat(written).doesNotContain(":");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"\ud800", "a\udc00", "\udc00\ud800"})
    void halfOfACharacterIsNotTakenForAnother(String name) {
        assertThat(NameEscape.escape(name)).isNull();
    }

    private static String read(String written) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Matcher next = BYTE.matcher(written);
        int from = 0;
        while (next.find()) {
            bytes.writeBytes(written.substring(from, next.start()).getBytes(StandardCharsets.UTF_8));
            bytes.write(Integer.parseInt(next.group(1), 16));
            from = next.end();
        }
        bytes.writeBytes(written.substring(from).getBytes(StandardCharsets.UTF_8));
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
