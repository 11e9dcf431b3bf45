package dev.patchkey.service.security;

import dev.patchkey.service.security.SecurityProperties.CertificateSettings;
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

/**
 * Reads a file of callers: YAML with the fields {@code tokens} and {@code certificates}, or one of them, each like the
 * setting of that name under {@code patchkey.security}.
 */
final class TokensFile {

    static final String SETTING = "patchkey.security.tokens-file";

    /** Room for the most tokens there may be. */
    private static final int LONGEST = 8 << 20;

    private static final String TOKENS = "tokens";
    private static final String CERTIFICATES = "certificates";

    private static final List<String> TOKEN = List.of("name", "role", "hashes", "prefixes", "read-prefixes");
    private static final List<String> CERTIFICATE = List.of("subject", "name", "role", "prefixes", "read-prefixes");

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
    static Callers parse(String text) {
        Object document = document(text);
        if (!(document instanceof Map<?, ?> lists)
                || lists.isEmpty()
                || !Set.of(TOKENS, CERTIFICATES).containsAll(lists.keySet())) {
            throw new IllegalArgumentException(
                    SETTING + " must have the field tokens or certificates, or both, and no other");
        }
        List<TokenSettings> tokens = new ArrayList<>();
        for (Object entry : list(lists, TOKENS)) {
            tokens.add(token(SETTING + ": tokens[" + tokens.size() + "]", entry));
        }
        List<CertificateSettings> certificates = new ArrayList<>();
        for (Object entry : list(lists, CERTIFICATES)) {
            certificates.add(certificate(SETTING + ": certificates[" + certificates.size() + "]", entry));
        }
        return new Callers(
                Tokens.of(SETTING + ": tokens", tokens), Certificates.of(SETTING + ": certificates", certificates));
    }

    private static List<?> list(Map<?, ?> lists, String field) {
        if (!lists.containsKey(field)) {
            return List.of();
        }
        if (lists.get(field) instanceof List<?> list) {
            return list;
        }
        throw new IllegalArgumentException(SETTING + ": " + field + " must be a list");
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
        Map<?, ?> fields = fields(one, entry, TOKEN);
        return new TokenSettings(
                text(one + ".name", fields.get("name")),
                text(one + ".role", fields.get("role")),
                texts(one + ".hashes", fields.get("hashes")),
                texts(one + ".prefixes", fields.get("prefixes")),
                texts(one + ".read-prefixes", fields.get("read-prefixes")));
    }

    private static CertificateSettings certificate(String one, @Nullable Object entry) {
        Map<?, ?> fields = fields(one, entry, CERTIFICATE);
        return new CertificateSettings(
                text(one + ".subject", fields.get("subject")),
                text(one + ".name", fields.get("name")),
                text(one + ".role", fields.get("role")),
                texts(one + ".prefixes", fields.get("prefixes")),
                texts(one + ".read-prefixes", fields.get("read-prefixes")));
    }

    private static Map<?, ?> fields(String one, @Nullable Object entry, List<String> known) {
        if (entry instanceof Map<?, ?> fields && known.containsAll(fields.keySet())) {
            return fields;
        }
        throw new IllegalArgumentException(one + " must have no fields but " + String.join(", ", known));
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
