package dev.patchkey.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.client.protocol.Grammar;
import dev.patchkey.client.protocol.NodeMessages;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a node sends fits a message, whatever the names and the reasons are. */
class LongMessagesTest {

    private static final int MOST_BYTES = 1024 * 1024;

    private static String longName(int i) {
        return String.format(java.util.Locale.ROOT, "%0128d", i);
    }

    private static int bytes(String message) {
        return message.getBytes(StandardCharsets.UTF_8).length;
    }

    @Test
    void declaredKeysAreToldInAsManyMessagesAsItTakes() {
        Map<String, Integer> declared = new HashMap<>();
        for (int i = 0; i < NodeMessages.MOST_DECLARED; i++) {
            declared.put(longName(i), Integer.MAX_VALUE);
        }
        Declarations declarations = new Declarations();
        Map<String, Integer> told = new HashMap<>();
        for (Map<String, Integer> news = declarations.news(declared);
                !news.isEmpty();
                news = declarations.news(declared)) { // ends: each turn tells new ones
            assertThat(bytes(NodeMessages.declared(news))).isLessThan(MOST_BYTES);
            told.putAll(news);
        }
        assertThat(told).isEqualTo(declared);
    }

    @Test
    void reasonsAreLeftOutBeforeTheMessageIsTooLong() {
        List<NodeMessages.Excepted> except = new ArrayList<>();
        for (int i = 0; i < NodeMessages.MOST_EXCEPTED; i++) {
            except.add(new NodeMessages.Excepted(longName(i), Long.MAX_VALUE, "\u20ac\"".repeat(100)));
        }
        String message = NodeMessages.applied(Long.MAX_VALUE, except);
        assertThat(bytes(message)).isLessThan(MOST_BYTES);
        assertThat(message).contains(longName(NodeMessages.MOST_EXCEPTED - 1)).contains("see the node's log");
    }

    @Test
    void aReasonIsCutBetweenCharactersAndHasNoHalves() {
        String face = new String(Character.toChars(0x1F600));
        assertThat(Grammar.text("ab" + face, 3)).isEqualTo("ab");
        assertThat(Grammar.text("ab" + face, 4)).isEqualTo("ab" + face);
        assertThat(Grammar.text("a\nb\u2028c" + face.charAt(0), 10)).isEqualTo("a b c ");
    }
}
