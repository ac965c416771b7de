{{/* One pod for every service and role, jobs included. ctx has also "arguments", "resources" and "long" (it serves). */}}

{{- define "closeloop.podMetadata" -}}
labels:
  {{- include "closeloop.serviceLabels" . | nindent 2 }}
  closeloop/role: {{ .role }}
  {{- with .root.Values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .root.Values.podAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "closeloop.podSpec" -}}
{{- $values := .root.Values -}}
serviceAccountName: {{ .serviceAccount }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with $values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if .long }}
{{- include "closeloop.staying" . | nindent 0 }}
{{- else }}
restartPolicy: Never
{{- end }}
containers:
  - name: {{ .service }}
    image: {{ include "closeloop.image" .root }}
    imagePullPolicy: {{ $values.image.pullPolicy }}
    args: {{ toJson (list .service .role) }}
    env:
      {{- include "closeloop.env" . | nindent 6 }}
    {{- if .long }}
    {{- include "closeloop.doors" . | nindent 4 }}
    {{- end }}
    resources:
      {{- toYaml .resources | nindent 6 }}
    securityContext:
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities: { drop: [ALL] }
    volumeMounts:
      {{- include "closeloop.mounts" . | nindent 6 }}
volumes:
  {{- include "closeloop.volumes" . | nindent 2 }}
{{- end }}

{{/* What only a pod needs that stays: where to run and how to end. */}}
{{- define "closeloop.staying" -}}
{{- $values := .root.Values -}}
terminationGracePeriodSeconds: {{ add $values.preStopSeconds $values.drainSeconds 15 }}
{{- if $values.topologySpread.enabled }}
topologySpreadConstraints:
  {{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ $key }}
    whenUnsatisfiable: {{ $values.topologySpread.whenUnsatisfiable }}
    labelSelector:
      matchLabels:
        {{- include "closeloop.selector" $ | nindent 8 }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Ports, probes on the side port, and time for the news of the end to reach everybody who sends requests. */}}
{{- define "closeloop.doors" -}}
ports:
  {{- if eq .service "gateway" }}
  - { name: http, containerPort: 8080 }
  {{- else if eq .role (include "closeloop.servingRole" .) }}
  - { name: grpc, containerPort: 7000 }
  {{- end }}
  - { name: side, containerPort: 9000 }
startupProbe:
  httpGet: { path: /healthz, port: side }
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: { path: /healthz, port: side }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: { path: /readyz, port: side }
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 2
lifecycle:
  preStop:
    sleep: { seconds: {{ .root.Values.preStopSeconds }} }
{{- end }}

{{- define "closeloop.mounts" -}}
{{- $values := .root.Values -}}
- { name: tmp, mountPath: /tmp }
- { name: signing, mountPath: /etc/closeloop/signing, readOnly: true }
- { name: trust, mountPath: /etc/closeloop/trust, readOnly: true }
{{- range $server := list "database" "kafka" "redis" }}
{{- if (get $values $server).ca.secret }}
- { name: {{ $server }}-ca, mountPath: /etc/closeloop/{{ $server }}, readOnly: true }
{{- end }}
{{- end }}
{{- if $values.kafka.client.secret }}
- { name: kafka-client, mountPath: /etc/closeloop/kafka-client, readOnly: true }
{{- end }}
{{- if $values.files.persistentVolumeClaim }}
- { name: files, mountPath: /var/lib/closeloop/files }
{{- end }}
{{- end }}

{{- define "closeloop.volumes" -}}
{{- $values := .root.Values -}}
- name: tmp
  emptyDir: { sizeLimit: 1Gi }
- name: signing
  secret:
    secretName: {{ $values.keys.signingSecretPrefix }}{{ .service }}
    defaultMode: 0440
    items: [{ key: signing.pem, path: signing.pem }]
- name: trust
  secret:
    secretName: {{ $values.keys.trustSecret }}
    defaultMode: 0444
    items: [{ key: trust.json, path: trust.json }]
{{- range $server := list "database" "kafka" "redis" }}
{{- with (get $values $server).ca }}
{{- if .secret }}
- name: {{ $server }}-ca
  secret:
    secretName: {{ .secret }}
    defaultMode: 0444
    items: [{ key: {{ .key }}, path: ca.crt }]
{{- end }}
{{- end }}
{{- end }}
{{- with $values.kafka.client }}
{{- if .secret }}
- name: kafka-client
  secret:
    secretName: {{ .secret }}
    defaultMode: 0440
    items: [{ key: {{ .certKey }}, path: tls.crt }, { key: {{ .keyKey }}, path: tls.key }]
{{- end }}
{{- end }}
{{- with $values.files.persistentVolumeClaim }}
- name: files
  persistentVolumeClaim: { claimName: {{ . }} }
{{- end }}
{{- end }}
