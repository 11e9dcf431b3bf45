package dev.patchkey.service.security;

/** Who is known by credentials of this service's own. Immutable. */
record Callers(Tokens tokens, Certificates certificates) {

    /**
     * Both together.
     *
     * @throws IllegalArgumentException if they have in common what must be one caller's
     */
    Callers and(Callers others, String setting) {
        return new Callers(tokens.and(others.tokens, setting), certificates.and(others.certificates, setting));
    }

    /** Whether the credential that the caller has shown would be taken now, for the same rights. */
    boolean stillKnow(Caller caller) {
        String credential = caller.credential();
        if (credential == null) {
            return true;
        }
        return Certificates.isCertificate(credential) ? certificates.stillKnow(caller) : tokens.stillKnow(caller);
    }
}
