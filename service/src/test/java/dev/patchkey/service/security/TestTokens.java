package dev.patchkey.service.security;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;

/** Tokens of the right form, each made from a word. */
public final class TestTokens {

    private TestTokens() {}

    public static String token(String word) {
        return "pk_" + Base64.getUrlEncoder().withoutPadding().encodeToString(sha256(word));
    }

    public static String hash(String token) {
        return "sha256:" + HexFormat.of().formatHex(sha256(token));
    }

    /** The header that shows the token, and its value. */
    public static String[] bearer(String word) {
        return new String[] {"Authorization", "Bearer " + token(word)};
    }

    private static byte[] sha256(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
