{{/* Names and labels. */}}

{{/* 40 characters at most, so that what is put behind it fits into the 63 of a name of DNS. */}}
{{- define "patchkey.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- default $full .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{/* The headless service, by which pods find each other and the scraper finds each pod. */}}
{{- define "patchkey.membersName" -}}
{{ include "patchkey.fullname" . }}-members
{{- end }}

{{/* The service that leads to pods that are not ready too. */}}
{{- define "patchkey.nodesName" -}}
{{ include "patchkey.fullname" . }}-nodes
{{- end }}

{{- define "patchkey.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{ default (include "patchkey.fullname" .) .Values.serviceAccount.name }}
{{- else -}}
{{ default "default" .Values.serviceAccount.name }}
{{- end -}}
{{- end }}

{{- define "patchkey.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ default $.Chart.AppVersion .tag }}
{{- end -}}
{{- end -}}
{{- end }}

{{/* What pods are told apart by from those of other releases; it must not change while a release is installed. */}}
{{- define "patchkey.instanceLabels" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* The pods of the service, and not that of helm test. */}}
{{- define "patchkey.selectorLabels" -}}
{{ include "patchkey.instanceLabels" . }}
app.kubernetes.io/component: service
{{- end }}

{{- define "patchkey.labels" -}}
{{ include "patchkey.instanceLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* How many pods there are when all are well: what the quorum is more than half of. */}}
{{- define "patchkey.clusterSize" -}}
{{- if .Values.cluster.size -}}
{{ int .Values.cluster.size }}
{{- else if .Values.autoscaling.enabled -}}
{{ int .Values.autoscaling.minReplicas }}
{{- else -}}
{{ int .Values.replicas }}
{{- end -}}
{{- end }}

{{/* Whether anybody is known, by a setting that is not empty. */}}
{{- define "patchkey.takesJwts" -}}
{{- with .Values.security.jwt -}}
{{- if or .issuerUri .jwkSetUri .publicKeySecretName -}}true{{- end -}}
{{- end -}}
{{- end }}

{{- define "patchkey.knowsCallers" -}}
{{- if or .Values.security.tokens.secretName .Values.security.certificates (include "patchkey.takesJwts" .) -}}true{{- end -}}
{{- end }}

{{/* Whether either port asks for certificates. */}}
{{- define "patchkey.asksForCertificates" -}}
{{- if or (ne .Values.tls.clientAuth "none") (ne .Values.tls.managementClientAuth "none") -}}true{{- end -}}
{{- end }}

{{- define "patchkey.scheme" -}}
{{ ternary "https" "http" (not (empty .Values.tls.secretName)) }}
{{- end }}

{{/* auto: two pods on one machine are lost at once, and with them what both of them held. */}}
{{- define "patchkey.antiAffinity" -}}
{{- if eq .Values.pod.antiAffinity "auto" -}}
{{ ternary "required" "preferred" (eq .Values.store "hazelcast") }}
{{- else -}}
{{ .Values.pod.antiAffinity }}
{{- end -}}
{{- end }}
