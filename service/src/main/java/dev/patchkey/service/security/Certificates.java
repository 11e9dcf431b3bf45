package dev.patchkey.service.security;

import dev.patchkey.service.security.SecurityProperties.CertificateSettings;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;

/** Whose client certificates are good. That one is genuine has been found before, by the TLS of the port. */
final class Certificates {

    private static final Pattern URI = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*://.+");

    /** The kind of an alternative name that is a URI, in {@link X509Certificate#getSubjectAlternativeNames()}. */
    private static final Integer URI_NAME = 6;

    private final Map<X500Principal, Caller> byName = new HashMap<>();
    private final Map<String, Caller> byUri = new HashMap<>();

    /** @throws IllegalArgumentException that names the rule that is broken */
    Certificates(String setting, List<CertificateSettings> settings) {
        for (int i = 0; i < settings.size(); i++) {
            String one = setting + "[" + i + "]";
            CertificateSettings certificate = settings.get(i);
            Caller caller = Caller.named(
                    CallerSettings.name(one, certificate.name()),
                    CallerSettings.role(one, certificate.role()),
                    CallerSettings.prefixes(one, certificate.prefixes(), certificate.readPrefixes()),
                    null);
            String subject = String.valueOf(certificate.subject());
            Caller before = URI.matcher(subject).matches()
                    ? byUri.put(subject, caller)
                    : byName.put(name(one, certificate.subject()), caller);
            CallerSettings.require(before == null, one + ".subject must be given once");
        }
    }

    private static X500Principal name(String one, @Nullable String subject) {
        String rule = one + ".subject must be a distinguished name, such as CN=checkout,O=Example, or a URI";
        CallerSettings.require(subject != null && !subject.isBlank(), rule);
        try {
            return new X500Principal(String.valueOf(subject));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(rule, e);
        }
    }

    /** Whose certificate it is, until it ends; null if nobody's, or if it could be that of several. */
    @Nullable Caller find(X509Certificate certificate) {
        Set<Caller> found = new HashSet<>();
        add(found, byName.get(certificate.getSubjectX500Principal()));
        for (String uri : uris(certificate)) {
            add(found, byUri.get(uri));
        }
        return found.size() == 1
                ? found.iterator().next().goodUntil(certificate.getNotAfter().toInstant())
                : null;
    }

    private static void add(Set<Caller> found, @Nullable Caller caller) {
        if (caller != null) {
            found.add(caller);
        }
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
