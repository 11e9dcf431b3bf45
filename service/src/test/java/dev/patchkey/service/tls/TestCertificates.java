package dev.patchkey.service.tls;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/** Certificates that are made for the tests: each signs itself, and is trusted itself. */
public final class TestCertificates {

    public static final String PASSWORD = "changeit";
    private static final String ALIAS = "one";
    private static @Nullable TestCertificates made;

    private final Path directory;

    /** Where the service's own is. */
    public final Path served;

    /** Where those are that the service takes for genuine. */
    final Path trusted;

    public static synchronized TestCertificates get() {
        TestCertificates known = made;
        if (known == null) {
            known = new TestCertificates();
            made = known;
        }
        return known;
    }

    private TestCertificates() {
        try {
            directory = Files.createTempDirectory("patchkey-tls");
            List<Process> tools = new ArrayList<>();
            tools.add(make("first", "CN=localhost", "ip:127.0.0.1,dns:localhost"));
            tools.add(make("second", "CN=localhost,O=Rotated", "ip:127.0.0.1,dns:localhost"));
            tools.add(make("checkout", "CN=checkout,OU=Shop,O=Example", "dns:checkout.example"));
            tools.add(make("billing", "CN=whatever", "uri:spiffe://example.org/billing"));
            for (Process tool : tools) {
                if (tool.waitFor() != 0) {
                    throw new IllegalStateException(
                            new String(tool.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
                }
            }
            served = directory.resolve("served.p12");
            serve("first");
            trusted = directory.resolve("trusted.p12");
            KeyStore trust = trust("checkout", "billing", "second");
            try (OutputStream out = Files.newOutputStream(trusted)) {
                trust.store(out, PASSWORD.toCharArray());
            }
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private Process make(String name, String subject, String alternative) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        ALIAS,
                        "-keyalg",
                        "EC",
                        "-dname",
                        subject,
                        "-ext",
                        "san=" + alternative,
                        "-validity",
                        "2",
                        "-storetype",
                        "PKCS12",
                        "-storepass",
                        PASSWORD,
                        "-keystore",
                        directory.resolve(name + ".p12").toString())
                .redirectErrorStream(true)
                .start();
    }

    /** Has the service's certificate be that one from now on. */
    void serve(String name) throws IOException {
        Path next = directory.resolve("next.p12");
        Files.copy(directory.resolve(name + ".p12"), next, StandardCopyOption.REPLACE_EXISTING);
        Files.move(next, served, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Puts something there that is no key store. */
    void serveNonsense() throws IOException {
        Path next = Files.writeString(directory.resolve("next.p12"), "nonsense");
        Files.move(next, served, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Puts a key store there that has certificates, and no key. */
    void serveKeyless() throws IOException {
        try (OutputStream out = Files.newOutputStream(directory.resolve("next.p12"))) {
            trust("first").store(out, PASSWORD.toCharArray());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
        Files.move(
                directory.resolve("next.p12"),
                served,
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
    }

    /** The certificate of that name. */
    public X509Certificate certificate(String name) {
        try {
            return (X509Certificate) store(name).getCertificate(ALIAS);
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private KeyStore store(String name) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(directory.resolve(name + ".p12"))) {
            store.load(in, PASSWORD.toCharArray());
        }
        return store;
    }

    private KeyStore trust(String... names) throws IOException, GeneralSecurityException {
        KeyStore trust = KeyStore.getInstance("PKCS12");
        trust.load(null, null);
        for (String name : names) {
            trust.setCertificateEntry(name, store(name).getCertificate(ALIAS));
        }
        return trust;
    }

    /** A client that trusts what the service shows, and shows the certificate of that name, or none if it is empty. */
    public SSLContext client(String name) {
        try {
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(trust("first", "second"));
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(name.isEmpty() ? new KeyManager[0] : keys(name), trust.getTrustManagers(), null);
            return context;
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private KeyManager[] keys(String name) throws IOException, GeneralSecurityException {
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store(name), PASSWORD.toCharArray());
        X509ExtendedKeyManager own = (X509ExtendedKeyManager) keys.getKeyManagers()[0];
        return new KeyManager[] {new Always(own)};
    }

    /** Shows its certificate whomever the server says it trusts, as an attacker would. */
    private static final class Always extends X509ExtendedKeyManager {
        private final X509ExtendedKeyManager own;

        Always(X509ExtendedKeyManager own) {
            this.own = own;
        }

        @Override
        public String[] getClientAliases(String keyType, Principal[] issuers) {
            return new String[] {ALIAS};
        }

        @Override
        public String chooseClientAlias(String[] keyType, Principal[] issuers, Socket socket) {
            return ALIAS;
        }

        @Override
        public String chooseEngineClientAlias(String[] keyType, Principal[] issuers, SSLEngine engine) {
            return ALIAS;
        }

        @Override
        public String[] getServerAliases(String keyType, Principal[] issuers) {
            return own.getServerAliases(keyType, issuers);
        }

        @Override
        public String chooseServerAlias(String keyType, Principal[] issuers, Socket socket) {
            return own.chooseServerAlias(keyType, issuers, socket);
        }

        @Override
        public X509Certificate[] getCertificateChain(String alias) {
            return own.getCertificateChain(ALIAS);
        }

        @Override
        public PrivateKey getPrivateKey(String alias) {
            return own.getPrivateKey(ALIAS);
        }
    }
}
