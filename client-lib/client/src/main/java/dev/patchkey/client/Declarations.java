package dev.patchkey.client;

import dev.patchkey.client.protocol.NodeMessages;
import java.util.HashMap;
import java.util.Map;

/** What a session has said of the JVM's declared keys, and so what is new. For the channel's thread alone. */
final class Declarations {

    private final Map<String, Integer> said = new HashMap<>();

    /** What is new or changed since the last call, at most a message's worth; the rest comes with the next. */
    Map<String, Integer> news(Map<String, Integer> declared) {
        Map<String, Integer> news = new HashMap<>();
        int bytes = 0;
        for (Map.Entry<String, Integer> key : declared.entrySet()) {
            boolean room = said.containsKey(key.getKey()) || said.size() < NodeMessages.MOST_DECLARED_A_SESSION;
            if (room
                    && news.size() < NodeMessages.MOST_DECLARED
                    && bytes + NodeMessages.declaredBytes(key.getKey()) <= NodeMessages.MOST_DECLARED_BYTES
                    && !key.getValue().equals(said.get(key.getKey()))) {
                bytes += NodeMessages.declaredBytes(key.getKey());
                news.put(key.getKey(), key.getValue());
                said.put(key.getKey(), key.getValue());
            }
        }
        return news;
    }
}
