package dev.patchkey.service.security;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** An issuer of JWTs, with claims as Keycloak has them. */
public final class TestIssuer {

    static final String ISSUER = "https://issuer.example/realms/main";
    public static final String AUDIENCE = "patchkey";

    static final RSAKey KEY = newKey("known");
    private static final HttpServer SERVER = serve();

    /** How often it was asked for its keys. */
    public static final AtomicInteger ASKED = new AtomicInteger();

    private TestIssuer() {}

    static RSAKey newKey(String id) {
        try {
            return new RSAKeyGenerator(2048).keyID(id).generate();
        } catch (JOSEException e) {
            throw new IllegalStateException(e);
        }
    }

    private static HttpServer serve() {
        try {
            HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            byte[] keys = new JWKSet(KEY.toPublicJWK()).toString().getBytes(StandardCharsets.UTF_8);
            server.createContext("/keys", exchange -> {
                ASKED.incrementAndGet();
                exchange.getResponseHeaders().set("Content-Type", "application/json");
                exchange.sendResponseHeaders(200, keys.length);
                exchange.getResponseBody().write(keys);
                exchange.close();
            });
            server.start();
            return server;
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    public static String keys() {
        return "http://127.0.0.1:" + SERVER.getAddress().getPort() + "/keys";
    }

    /** Claims that are good. */
    static JWTClaimsSet.Builder claims(String subject, String... roles) {
        Instant now = Instant.now();
        return new JWTClaimsSet.Builder()
                .issuer(ISSUER)
                .audience(AUDIENCE)
                .subject(subject)
                .issueTime(Date.from(now))
                .expirationTime(Date.from(now.plus(Duration.ofMinutes(5))))
                .claim("realm_access", Map.of("roles", List.of(roles)))
                .claim("patchkey_prefixes", List.of("*"));
    }

    /** A JWT that is good in all but its key, of which the issuer does not know. */
    public static String ofUnknownKey() {
        RSAKey key = newKey("unknown");
        return jwt(claims("mallory", "patchkey-admin"), JWSAlgorithm.RS256, key.getKeyID(), signer(key));
    }

    /** A JWT that is good in all but its signature, which is another's. */
    public static String ofAnotherSigner() {
        return jwt(claims("mallory", "patchkey-admin"), JWSAlgorithm.RS256, KEY.getKeyID(), signer(newKey("known")));
    }

    /** A JWT that is good. */
    public static String good(String name, String role) {
        return jwt(claims(name, "patchkey-" + role));
    }

    static String jwt(JWTClaimsSet.Builder claims) {
        return jwt(claims, JWSAlgorithm.RS256, KEY.getKeyID(), signer(KEY));
    }

    static JWSSigner signer(RSAKey key) {
        try {
            return new RSASSASigner(key);
        } catch (JOSEException e) {
            throw new IllegalStateException(e);
        }
    }

    static String jwt(JWTClaimsSet.Builder claims, JWSAlgorithm algorithm, String keyId, JWSSigner signer) {
        return jwt(claims, algorithm, keyId, signer, JOSEObjectType.JWT);
    }

    /** One of another type, signed with the key; null for one that names none. */
    static String ofType(JWTClaimsSet.Builder claims, @Nullable String type) {
        return jwt(
                claims,
                JWSAlgorithm.RS256,
                KEY.getKeyID(),
                signer(KEY),
                type == null ? null : new JOSEObjectType(type));
    }

    private static String jwt(
            JWTClaimsSet.Builder claims,
            JWSAlgorithm algorithm,
            String keyId,
            JWSSigner signer,
            @Nullable JOSEObjectType type) {
        try {
            JWSHeader header =
                    new JWSHeader.Builder(algorithm).type(type).keyID(keyId).build();
            SignedJWT jwt = new SignedJWT(header, claims.build());
            jwt.sign(signer);
            return jwt.serialize();
        } catch (JOSEException e) {
            throw new IllegalStateException(e);
        }
    }
}
