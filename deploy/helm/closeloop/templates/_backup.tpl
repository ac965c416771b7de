{{/* The pod of a backup. ctx: root, server (of backup.servers), kind (full or incr), account. */}}
{{- define "closeloop.backupPod" -}}
{{- $values := .root.Values -}}
{{- $backup := $values.backup -}}
{{- $script := "sh /etc/closeloop/backup/backup.sh" -}}
serviceAccountName: {{ .account }}
automountServiceAccountToken: false
enableServiceLinks: false
restartPolicy: Never
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
{{- range $where := list "nodeSelector" "tolerations" "affinity" }}
{{- with get $values $where }}
{{ $where }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
containers:
  - name: backup
    image: {{ $backup.image }}
    imagePullPolicy: {{ $values.image.pullPolicy }}
    {{- if eq .kind "full" }}
    command: [sh, -ec, "{{ $script }} full; {{ $script }} prune"]
    {{- else }}
    command: [sh, -ec, "{{ $script }} incremental"]
    {{- end }}
    env:
      - { name: BACKUP_FOLDER, value: /backups/{{ .server.name }} }
      - { name: BACKUP_WEEKS, value: {{ $backup.weeks | quote }} }
      - { name: PGHOST, value: {{ .server.host | quote }} }
      - { name: PGPORT, value: {{ include "closeloop.text" (default $values.database.port .server.port) | quote }} }
      - { name: PGUSER, value: {{ default "backup" .server.user | quote }} }
      - { name: PGSSLMODE, value: {{ $backup.sslmode }} }
      {{- if $values.database.ca.secret }}
      - { name: PGSSLROOTCERT, value: /etc/closeloop/database/ca.crt }
      {{- end }}
      - name: PGPASSWORD
        valueFrom: { secretKeyRef: { name: {{ .server.secret }}, key: {{ default "password" .server.key }} } }
    resources:
      {{- toYaml $backup.resources | nindent 6 }}
    securityContext:
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities: { drop: [ALL] }
    volumeMounts:
      - { name: tmp, mountPath: /tmp }
      - { name: script, mountPath: /etc/closeloop/backup, readOnly: true }
      - { name: backups, mountPath: /backups }
      {{- if $values.database.ca.secret }}
      - { name: database-ca, mountPath: /etc/closeloop/database, readOnly: true }
      {{- end }}
volumes:
  - name: tmp
    emptyDir: { sizeLimit: 64Mi }
  - name: script
    configMap: { name: {{ .account }}, defaultMode: 0444 }
  - name: backups
    persistentVolumeClaim: { claimName: {{ $backup.persistentVolumeClaim }} }
{{- with $values.database.ca }}
{{- if .secret }}
  - name: database-ca
    secret:
      secretName: {{ .secret }}
      defaultMode: 0444
      items: [{ key: {{ .key }}, path: ca.crt }]
{{- end }}
{{- end }}
{{- end }}
