package dev.patchkey.service.security;

import dev.patchkey.service.security.SecurityProperties.CertificateSettings;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;

/** Whose client certificates are good. That one is genuine has been found before, by the TLS of the port. Immutable. */
final class Certificates {

    static final Certificates NONE = new Certificates(Map.of());

    private static final Pattern URI = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*://.+");

    /** The kind of an alternative name that is a URI, in {@link X509Certificate#getSubjectAlternativeNames()}. */
    private static final Integer URI_NAME = 6;

    private static final int MOST_CERTIFICATES = 10_000;

    /** What the credentials of callers begin with whose certificates are known; behind it is the subject. */
    private static final String MARK = "certificate:";

    /** By the credential: two ways to write a name are one. */
    private final Map<String, Caller> callers;

    private Certificates(Map<String, Caller> callers) {
        this.callers = callers;
    }

    /**
     * @param setting what to call the list in errors
     * @throws IllegalArgumentException that names the rule that is broken, and where, and shows no value
     */
    static Certificates of(String setting, List<CertificateSettings> settings) {
        CallerSettings.require(settings.size() <= MOST_CERTIFICATES, setting + " must be at most " + MOST_CERTIFICATES);
        Map<String, Caller> callers = new HashMap<>();
        for (int i = 0; i < settings.size(); i++) {
            String one = setting + "[" + i + "]";
            CertificateSettings certificate = settings.get(i);
            String credential = credential(one, certificate.subject());
            Caller caller = Caller.named(
                    CallerSettings.name(one, certificate.name()),
                    CallerSettings.role(one, certificate.role()),
                    CallerSettings.prefixes(one, certificate.prefixes(), certificate.readPrefixes()),
                    credential);
            CallerSettings.require(callers.put(credential, caller) == null, one + ".subject must be given once");
        }
        return new Certificates(Map.copyOf(callers));
    }

    private static String credential(String one, @Nullable String subject) {
        String rule = one + ".subject must be a distinguished name, such as CN=checkout,O=Example, or a URI";
        CallerSettings.require(subject != null && !subject.isBlank(), rule);
        String given = String.valueOf(subject);
        try {
            return URI.matcher(given).matches() ? ofUri(given) : ofName(new X500Principal(given));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(rule, e);
        }
    }

    private static String ofUri(String uri) {
        return MARK + uri;
    }

    private static String ofName(X500Principal name) {
        return MARK + name.getName(X500Principal.CANONICAL);
    }

    /**
     * Both together.
     *
     * @throws IllegalArgumentException if they have a subject in common
     */
    Certificates and(Certificates others, String setting) {
        Map<String, Caller> both = new HashMap<>(callers);
        both.putAll(others.callers);
        CallerSettings.require(
                both.size() == callers.size() + others.callers.size(),
                setting + " must have no subject that patchkey.security.certificates has");
        return new Certificates(Map.copyOf(both));
    }

    boolean isEmpty() {
        return callers.isEmpty();
    }

    /** Whose certificate it is, until it ends; null if nobody's, or if it could be that of several. */
    @Nullable Caller find(X509Certificate certificate) {
        List<Caller> found = new ArrayList<>();
        Stream.concat(
                        Stream.of(ofName(certificate.getSubjectX500Principal())),
                        uris(certificate).stream().map(Certificates::ofUri))
                .forEach(credential -> {
                    Caller caller = callers.get(credential);
                    if (caller != null) {
                        found.add(caller);
                    }
                });
        boolean isOnes =
                found.stream().map(Caller::withoutCredential).distinct().count() == 1;
        return isOnes ? found.getFirst().goodUntil(certificate.getNotAfter().toInstant()) : null;
    }

    /** Whether that is the credential of some caller's certificate, known or not. */
    static boolean isCertificate(String credential) {
        return credential.startsWith(MARK);
    }

    /** Whether the caller's certificate would be taken now, for the same rights. */
    boolean stillKnow(Caller caller) {
        Caller now = callers.get(String.valueOf(caller.credential()));
        return now != null && caller.until() != null && caller.equals(now.goodUntil(caller.until()));
    }

    private static List<String> uris(X509Certificate certificate) {
        try {
            Collection<List<?>> names = certificate.getSubjectAlternativeNames();
            return names == null
                    ? List.of()
                    : names.stream()
                            .filter(name -> URI_NAME.equals(name.get(0)))
                            .map(name -> String.valueOf(name.get(1)))
                            .toList();
        } catch (CertificateParsingException e) {
            return List.of();
        }
    }
}
