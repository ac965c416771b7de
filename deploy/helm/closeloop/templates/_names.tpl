{{/* Names, labels and the list of what runs. `ctx` is (dict "root" $ "service" "leads" "role" "serve"). */}}

{{- define "closeloop.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- default $full .Values.fullnameOverride | trunc 30 | trimSuffix "-" -}}
{{- end }}

{{- define "closeloop.name" -}}
{{ include "closeloop.fullname" .root }}-{{ .service }}
{{- end }}

{{- define "closeloop.services" -}}
[leads, activity, targets, incentives, forecast, integration, gateway]
{{- end }}

{{/* The roles of a service: the gateway has one. */}}
{{- define "closeloop.rolesOf" -}}
{{- if eq .service "gateway" -}}[serve]
{{- else if .root.Values.combined -}}[all]
{{- else -}}[serve, consume, relay, jobs]
{{- end -}}
{{- end }}

{{/* Which role of the service answers RPCs. */}}
{{- define "closeloop.servingRole" -}}
{{- if and .root.Values.combined (ne .service "gateway") }}all{{ else }}serve{{ end -}}
{{- end }}

{{/* What holds for this role of this service: the common values under the service's own. */}}
{{- define "closeloop.roleValues" -}}
{{- $own := dig .service "roles" .role (dict) .root.Values.services -}}
{{- mustMergeOverwrite (deepCopy (get .root.Values.roles .role)) (deepCopy $own) | toYaml -}}
{{- end }}

{{- define "closeloop.releaseLabels" -}}
app.kubernetes.io/name: closeloop
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "closeloop.commonLabels" -}}
{{ include "closeloop.releaseLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "closeloop.serviceLabels" -}}
{{ include "closeloop.commonLabels" .root }}
app.kubernetes.io/component: {{ .service }}
{{- end }}

{{- define "closeloop.serviceSelector" -}}
{{ include "closeloop.releaseLabels" .root }}
app.kubernetes.io/component: {{ .service }}
{{- end }}

{{- define "closeloop.selector" -}}
{{ include "closeloop.serviceSelector" . }}
closeloop/role: {{ .role }}
{{- end }}

{{- define "closeloop.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest }}{{ $image.repository }}@{{ $image.digest }}
{{- else }}{{ $image.repository }}:{{ default .Chart.AppVersion $image.tag }}
{{- end -}}
{{- end }}

{{/* The port a URL means, told or by its scheme. */}}
{{- define "closeloop.portOf" -}}
{{- $url := urlParse . -}}
{{- default (ternary "80" "443" (eq $url.scheme "http")) (trimPrefix ":" (regexFind ":[0-9]+$" $url.host)) -}}
{{- end }}

{{/* A value as the environment writes it: no 1e+06. */}}
{{- define "closeloop.text" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) }}{{ printf "%.0f" . }}{{ else }}{{ toString . }}{{ end -}}
{{- end }}
