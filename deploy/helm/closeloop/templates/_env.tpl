{{/* The environment of a process: where its servers and neighbours are, and what its service alone is told. */}}

{{- define "closeloop.env" -}}
{{- $values := .root.Values -}}
{{- $own := get $values.services .service -}}
- { name: CLOSELOOP_MODE, value: production }
- { name: CLOSELOOP_HOST, value: 0.0.0.0 }
- { name: CLOSELOOP_SIDE_PORT, value: "9000" }
- { name: CLOSELOOP_DRAIN, value: {{ $values.drainSeconds | quote }} }
- { name: CLOSELOOP_SIGNING_KEY, value: /etc/closeloop/signing/signing.pem }
- { name: CLOSELOOP_TRUST, value: /etc/closeloop/trust/trust.json }
- { name: CLOSELOOP_PEERS, value: {{ include "closeloop.peers" .root | quote }} }
{{- if eq .service "gateway" }}
- { name: CLOSELOOP_GATEWAY_PORT, value: "8080" }
{{- else }}
- { name: CLOSELOOP_GRPC_PORT, value: "7000" }
- { name: CLOSELOOP_MIGRATE_AT_START, value: "false" }
- name: CLOSELOOP_DATABASE_URL
  valueFrom:
    secretKeyRef:
      name: {{ default $values.database.secret (dig "secret" "" $own.database) }}
      key: {{ default .service (dig "key" "" $own.database) }}
{{- end }}
{{ include "closeloop.kafkaEnv" $values }}
- name: CLOSELOOP_REDIS_URL
  valueFrom: { secretKeyRef: { name: {{ $values.redis.secret }}, key: {{ $values.redis.key }} } }
{{ include "closeloop.filesEnv" $values }}
- { name: CLOSELOOP_TRACE_RATIO, value: {{ $values.telemetry.traceRatio | quote }} }
- { name: CLOSELOOP_LOG_LEVEL, value: {{ $values.telemetry.logLevel }} }
{{- with $values.telemetry.otlpEndpoint }}
- { name: CLOSELOOP_OTLP_ENDPOINT, value: {{ . | quote }} }
{{- end }}
{{- range $name, $value := $own.settings }}
- { name: CLOSELOOP_{{ $name }}, value: {{ include "closeloop.text" $value | quote }} }
{{- end }}
{{- range $name, $from := $own.secretSettings }}
- name: CLOSELOOP_{{ $name }}
  valueFrom: { secretKeyRef: { name: {{ $from.secret }}, key: {{ $from.key }} } }
{{- end }}
{{- end }}

{{/* Every service by name; the headless Service gives one address per replica, and gRPC takes turns. */}}
{{- define "closeloop.peers" -}}
{{- $root := . -}}
{{- $peers := list -}}
{{- range without (include "closeloop.services" . | fromYamlArray) "gateway" -}}
{{- $host := printf "%s.%s.svc.%s" (include "closeloop.name" (dict "root" $root "service" .)) $root.Release.Namespace $root.Values.clusterDomain -}}
{{- $peers = append $peers (printf "%s=%s:7000" . $host) -}}
{{- end -}}
{{- join "," $peers -}}
{{- end }}

{{- define "closeloop.kafkaEnv" -}}
- { name: CLOSELOOP_KAFKA_BOOTSTRAP, value: {{ .kafka.bootstrap | quote }} }
- { name: CLOSELOOP_KAFKA_PROFILE, value: kafka }
- { name: CLOSELOOP_KAFKA_SECURITY_PROTOCOL, value: {{ .kafka.securityProtocol }} }
- { name: CLOSELOOP_KAFKA_PARTITIONS, value: {{ .kafka.partitions | quote }} }
- { name: CLOSELOOP_KAFKA_REPLICATION, value: {{ .kafka.replication | quote }} }
{{- with .kafka.sasl }}
{{- if .mechanism }}
- { name: CLOSELOOP_KAFKA_SASL_MECHANISM, value: {{ .mechanism }} }
- name: CLOSELOOP_KAFKA_SASL_USERNAME
  valueFrom: { secretKeyRef: { name: {{ .secret }}, key: {{ .usernameKey }} } }
- name: CLOSELOOP_KAFKA_SASL_PASSWORD
  valueFrom: { secretKeyRef: { name: {{ .secret }}, key: {{ .passwordKey }} } }
{{- end }}
{{- end }}
{{- if .kafka.ca.secret }}
- { name: CLOSELOOP_KAFKA_SSL_CAFILE, value: /etc/closeloop/kafka/ca.crt }
{{- end }}
{{- if .kafka.client.secret }}
- { name: CLOSELOOP_KAFKA_SSL_CERTFILE, value: /etc/closeloop/kafka-client/tls.crt }
- { name: CLOSELOOP_KAFKA_SSL_KEYFILE, value: /etc/closeloop/kafka-client/tls.key }
{{- end }}
{{- end }}

{{- define "closeloop.filesEnv" -}}
- { name: CLOSELOOP_FILES_URL, value: {{ .files.url | quote }} }
{{- with .files.auditRootsUrl }}
- { name: CLOSELOOP_AUDIT_ROOTS_URL, value: {{ . | quote }} }
{{- end }}
{{- with .files.s3 }}
{{- if .secret }}
- name: AWS_ACCESS_KEY_ID
  valueFrom: { secretKeyRef: { name: {{ .secret }}, key: {{ .accessKeyIdKey }} } }
- name: AWS_SECRET_ACCESS_KEY
  valueFrom: { secretKeyRef: { name: {{ .secret }}, key: {{ .secretAccessKeyKey }} } }
{{- end }}
{{- if .region }}
- { name: AWS_REGION, value: {{ .region | quote }} }
{{- end }}
{{- if .endpoint }}
- { name: AWS_ENDPOINT_URL, value: {{ .endpoint | quote }} }
- { name: AWS_ALLOW_HTTP, value: {{ hasPrefix "http://" .endpoint | quote }} }
{{- end }}
{{- if .virtualHostedStyle }}
- { name: AWS_VIRTUAL_HOSTED_STYLE_REQUEST, value: "true" }
{{- end }}
{{- end }}
{{- end }}
