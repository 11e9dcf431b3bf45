{{/*
What must fit together and no schema can say. All that is wrong is named at once, by the value and its rule.
The numbers are the service's: docs/reference/configuration.md.
*/}}

{{/* A pod that is told to stop leaves within this: "Leaving", in the reference. */}}
{{- define "patchkey.drainSeconds" -}}30{{- end }}

{{/* Of a number of seconds or minutes, such as 30s or 1m. */}}
{{- define "patchkey.seconds" -}}
{{- $number := regexFind "^[0-9]+" . | int -}}
{{- ternary (mul 60 $number) $number (hasSuffix "m" .) -}}
{{- end }}

{{- define "patchkey.checks" -}}
{{- $wrong := print
      (include "patchkey.checks.store" .)
      (include "patchkey.checks.security" .)
      (include "patchkey.checks.tls" .)
      (include "patchkey.checks.pods" .)
      (include "patchkey.checks.outside" .) -}}
{{- if trim $wrong -}}
{{- fail (print "\n" (trim (regexReplaceAll "\n\\s*" $wrong "\n"))) -}}
{{- end -}}
{{- end }}

{{- define "patchkey.checks.store" -}}
{{- if eq .Values.store "jdbc" }}
{{- if not .Values.database.url }}
- database.url must be the jdbc:postgresql: URL of your database where store is jdbc, and is empty
{{- end }}
{{- if not .Values.database.secretName }}
- database.secretName must name the Secret with the database's user and password where store is jdbc, and is empty
{{- end }}
{{- else }}
{{- if or .Values.database.url .Values.database.secretName }}
- database.url and database.secretName must be empty where store is hazelcast, which uses no database
{{- end }}
{{- if .Values.autoscaling.enabled }}
- autoscaling.enabled must be false where store is hazelcast, whose quorum is counted by the number of pods
{{- end }}
{{- $size := include "patchkey.clusterSize" . | int }}
{{- $quorum := add (div $size 2) 1 | int }}
{{- if lt $size (int .Values.replicas) }}
- cluster.size must be at least replicas ({{ .Values.replicas }}) where store is hazelcast, or either side of a split could take changes; it is {{ $size }}
{{- else if gt $quorum (int .Values.replicas) }}
- replicas must be at least {{ $quorum }}, more than half of cluster.size ({{ $size }}), where store is hazelcast, and is {{ .Values.replicas }}
{{- end }}
{{- if and .Values.podDisruptionBudget.enabled (gt (int .Values.podDisruptionBudget.maxUnavailable) 1) }}
- podDisruptionBudget.maxUnavailable must be 1 where store is hazelcast, which keeps each key on two pods, and is {{ .Values.podDisruptionBudget.maxUnavailable }}
{{- end }}
{{- end }}
{{- end }}

{{- define "patchkey.checks.security" -}}
{{- $known := include "patchkey.knowsCallers" . }}
{{- $jwt := .Values.security.jwt }}
{{- if and (not $known) (not .Values.security.open) }}
- security must say who may come in: set security.tokens.secretName, security.jwt.issuerUri, security.jwt.jwkSetUri, security.jwt.publicKeySecretName or security.certificates (or security.open, where anybody may do anything)
{{- end }}
{{- if and $known .Values.security.open }}
- security.open must be false where tokens, JWTs or certificates say who may come in
{{- end }}
{{- if include "patchkey.takesJwts" . }}
{{- if not $jwt.audiences }}
- security.jwt.audiences must name this service as the issuer's JWTs do in their claim aud, and is empty
{{- end }}
{{- if not $jwt.prefixesClaim }}
- security.jwt.prefixesClaim must name the claim with the prefixes of the keys that a JWT is for, or be '*' for all keys, and is empty
{{- end }}
{{- if and $jwt.publicKeySecretName (or $jwt.issuerUri $jwt.jwkSetUri) }}
- security.jwt.publicKeySecretName must be empty where security.jwt.issuerUri or security.jwt.jwkSetUri says where the keys are
{{- end }}
{{- else if or $jwt.audiences $jwt.prefixesClaim }}
- security.jwt.issuerUri, security.jwt.jwkSetUri or security.jwt.publicKeySecretName must say where the keys of JWTs are, where security.jwt.audiences or security.jwt.prefixesClaim is set
{{- end }}
{{- if and .Values.security.certificates (eq .Values.tls.clientAuth "none") }}
- tls.clientAuth must be want or need where security.certificates has callers, or no certificate is ever asked for
{{- end }}
{{- end }}

{{- define "patchkey.checks.tls" -}}
{{- if include "patchkey.asksForCertificates" . }}
{{- if not .Values.tls.secretName }}
- tls.secretName must name the Secret with the service's own certificate where tls.clientAuth or tls.managementClientAuth asks for certificates, and is empty
{{- end }}
{{- if not .Values.tls.clientCaSecretName }}
- tls.clientCaSecretName must name the Secret with the authority of callers' certificates where tls.clientAuth or tls.managementClientAuth asks for them, and is empty
{{- end }}
{{- else if .Values.tls.clientCaSecretName }}
- tls.clientCaSecretName must be empty where neither tls.clientAuth nor tls.managementClientAuth asks for certificates
{{- end }}
{{- end }}

{{- define "patchkey.checks.pods" -}}
{{- $ports := .Values.ports }}
{{- if ne (len (uniq (list (int $ports.http) (int $ports.management) (int $ports.member)))) 3 }}
- ports.http, ports.management and ports.member must differ, and are {{ $ports.http }}, {{ $ports.management }} and {{ $ports.member }}
{{- end }}
{{- $least := add (int .Values.shutdown.preStopSeconds) (include "patchkey.drainSeconds" . | int) }}
{{- if le (int .Values.shutdown.gracePeriodSeconds) (int $least) }}
- shutdown.gracePeriodSeconds must be more than {{ $least }}, shutdown.preStopSeconds and the {{ include "patchkey.drainSeconds" . }} s in which a pod drains, and is {{ .Values.shutdown.gracePeriodSeconds }}
{{- end }}
{{- $fewest := ternary .Values.autoscaling.minReplicas .Values.replicas .Values.autoscaling.enabled | int }}
{{- if and .Values.podDisruptionBudget.enabled (gt $fewest 1) (ge (int .Values.podDisruptionBudget.maxUnavailable) $fewest) }}
- podDisruptionBudget.maxUnavailable must be less than the number of pods ({{ $fewest }}), or all may be taken away at once, and is {{ .Values.podDisruptionBudget.maxUnavailable }}
{{- end }}
{{- if and .Values.autoscaling.enabled (lt (int .Values.autoscaling.maxReplicas) (int .Values.autoscaling.minReplicas)) }}
- autoscaling.maxReplicas must be at least autoscaling.minReplicas ({{ .Values.autoscaling.minReplicas }}), and is {{ .Values.autoscaling.maxReplicas }}
{{- end }}
{{- end }}

{{- define "patchkey.checks.outside" -}}
{{- if .Values.ingress.enabled }}
{{- if not .Values.ingress.host }}
- ingress.host must be the name that callers use where ingress.enabled is true, and is empty
{{- end }}
{{- if and (eq .Values.ingress.controller "nginx") (eq .Values.tls.clientAuth "need") }}
- tls.clientAuth must not be need where ingress.controller is nginx, which ends the callers' TLS and shows no certificate
{{- end }}
{{- end }}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) }}
- httpRoute.parentRefs must name a Gateway where httpRoute.enabled is true, and is empty
{{- end }}
{{- $monitor := .Values.serviceMonitor }}
{{- if $monitor.enabled }}
{{- if and (include "patchkey.knowsCallers" .) (not $monitor.tokenSecretName) (not $monitor.tls.clientSecretName) }}
- serviceMonitor.tokenSecretName must name the Secret with an observer's token where callers must be known, or the scraper is answered 401; it is empty
{{- end }}
{{- if gt (include "patchkey.seconds" $monitor.scrapeTimeout | int) (include "patchkey.seconds" $monitor.interval | int) }}
- serviceMonitor.scrapeTimeout must be at most serviceMonitor.interval ({{ $monitor.interval }}), or Prometheus Operator leaves the pods out, and is {{ $monitor.scrapeTimeout }}
{{- end }}
{{- if and $monitor.tls.clientSecretName (eq .Values.tls.managementClientAuth "none") }}
- tls.managementClientAuth must be want where serviceMonitor.tls.clientSecretName is the scraper's certificate, or it is never asked for
{{- end }}
{{- end }}
{{- end }}
