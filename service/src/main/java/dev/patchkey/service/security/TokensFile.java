package dev.patchkey.service.security;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;

/** Reads a file of tokens: YAML with one field, {@code tokens}, that is like the setting {@code patchkey.security.tokens}. */
final class TokensFile {

    static final String SETTING = "patchkey.security.tokens-file";

    /** Room for the most tokens there may be. */
    private static final int LONGEST = 8 << 20;

    private static final Set<String> FIELDS = Set.of("name", "role", "hashes", "prefixes", "read-prefixes");

    private TokensFile() {}

    /** @throws IOException if it cannot be read */
    static String read(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(LONGEST + 1);
            CallerSettings.require(bytes.length <= LONGEST, SETTING + " must be at most " + LONGEST + " bytes");
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }

    /** @throws IllegalArgumentException that names the rule that is broken, and where, and shows nothing of the text */
    static Tokens parse(String text) {
        Object document = document(text);
        CallerSettings.require(
                document instanceof Map<?, ?> map
                        && map.keySet().equals(Set.of("tokens"))
                        && map.get("tokens") instanceof List<?>,
                SETTING + " must have one field, tokens, and that must be a list");
        List<TokenSettings> settings = new ArrayList<>();
        if (document instanceof Map<?, ?> map && map.get("tokens") instanceof List<?> list) {
            for (Object entry : list) {
                settings.add(token(SETTING + ": tokens[" + settings.size() + "]", entry));
            }
        }
        return Tokens.of(SETTING + ": tokens", settings);
    }

    private static @Nullable Object document(String text) {
        LoaderOptions options = new LoaderOptions();
        options.setAllowDuplicateKeys(false);
        options.setMaxAliasesForCollections(0);
        options.setCodePointLimit(LONGEST);
        try {
            return new Yaml(new SafeConstructor(options)).load(text);
        } catch (MarkedYAMLException e) {
            // Its message quotes the text.
            int line = e.getProblemMark() == null ? 0 : e.getProblemMark().getLine() + 1;
            throw new IllegalArgumentException(
                    SETTING + " must be YAML without doubled fields; line " + line + " is not");
        } catch (YAMLException e) {
            throw new IllegalArgumentException(SETTING + " must be one YAML document");
        }
    }

    private static TokenSettings token(String one, @Nullable Object entry) {
        if (!(entry instanceof Map<?, ?> fields) || !FIELDS.containsAll(fields.keySet())) {
            throw new IllegalArgumentException(
                    one + " must have no fields but name, role, hashes, prefixes and read-prefixes");
        }
        return new TokenSettings(
                text(one + ".name", fields.get("name")),
                text(one + ".role", fields.get("role")),
                texts(one + ".hashes", fields.get("hashes")),
                texts(one + ".prefixes", fields.get("prefixes")),
                texts(one + ".read-prefixes", fields.get("read-prefixes")));
    }

    private static @Nullable String text(String field, @Nullable Object value) {
        CallerSettings.require(value == null || value instanceof String, field + " must be a text");
        return (String) value;
    }

    private static List<String> texts(String field, @Nullable Object value) {
        if (value == null) {
            return List.of();
        }
        List<String> texts = new ArrayList<>();
        if (value instanceof List<?> list) {
            for (Object element : list) {
                String text = text(field, element);
                CallerSettings.require(text != null, field + " must have no empty element");
                texts.add(String.valueOf(text));
            }
            return texts;
        }
        throw new IllegalArgumentException(field + " must be a list");
    }
}
