{{- /* The variables of a process (libs/platform/process/README.md). (dict "root" $ "name" "gate" "service" <merged values>) */ -}}
{{- define "stella.env" -}}
{{- $root := .root -}}
{{- $values := $root.Values -}}
{{- $service := .service -}}
{{- $known := get (include "stella.catalogue" $root | fromYaml) .name -}}
- {name: STELLA_ORGANISATION, value: {{ include "stella.required" (dict "root" $root "path" "organisation") | quote }}}
- {name: STELLA_LOG_LEVEL, value: {{ $values.telemetry.logLevel | quote }}}
- {name: STELLA_STOP_DELAY, value: "{{ $values.shutdown.stopDelaySeconds }}s"}
- {name: STELLA_DRAIN_TIMEOUT, value: "{{ $values.shutdown.drainSeconds }}s"}
{{ include "stella.retentionEnv" . }}
{{ include "stella.databaseEnv" . }}
- {name: STELLA_DATABASE_CONNECTIONS_MAX, value: {{ $values.database.connectionsMax | quote }}}
- {name: STELLA_DATABASE_STATEMENT_TIMEOUT, value: {{ $values.database.statementTimeout | quote }}}
{{ include "stella.kafkaEnv" . }}
- {name: STELLA_S3_ENDPOINT, value: {{ include "stella.required" (dict "root" $root "path" "s3.endpoint") | quote }}}
- {name: STELLA_S3_REGION, value: {{ $values.s3.region | quote }}}
- {name: STELLA_S3_BUCKET, value: {{ include "stella.required" (dict "root" $root "path" "s3.bucket") | quote }}}
{{- with $values.s3.prefix }}
- {name: STELLA_S3_PREFIX, value: {{ . | quote }}}
{{- end }}
{{- if $values.s3.virtualHosts }}
- {name: STELLA_S3_VIRTUAL_HOSTS, value: "true"}
{{- end }}
{{- with $values.s3.publicEndpoint }}
- {name: STELLA_S3_PUBLIC_ENDPOINT, value: {{ . | quote }}}
{{- end }}
{{- if $values.s3.hasCertificateAuthority }}
- {name: STELLA_S3_CA_FILE, value: /run/stella/s3/ca.crt}
{{- end }}
- {name: STELLA_S3_ACCESS_KEY_FILE, value: /run/stella/s3/access-key}
- {name: STELLA_S3_SECRET_KEY_FILE, value: /run/stella/s3/secret-key}
- {name: STELLA_BLOB_CACHE_FOLDER, value: /tmp/blobs}
- {name: STELLA_OIDC_ISSUER, value: {{ include "stella.required" (dict "root" $root "path" "oidc.issuer") | quote }}}
- {name: STELLA_OIDC_AUDIENCE, value: {{ $values.oidc.audience | quote }}}
- {name: STELLA_OIDC_CLIENT_ID, value: "{{ $values.oidc.clientIdPrefix }}{{ .name }}"}
- {name: STELLA_OIDC_CLIENT_SECRET_FILE, value: /run/stella/oidc/client-secret}
- {name: STELLA_OIDC_ROLES_CLAIM, value: {{ $values.oidc.rolesClaim | quote }}}
- {name: STELLA_OIDC_TENANT_CLAIM, value: {{ $values.oidc.tenantClaim | quote }}}
- {name: STELLA_OIDC_ORGANISATION_CLAIM, value: {{ $values.oidc.organisationClaim | quote }}}
{{- if $values.tls.existingSecret }}
- {name: STELLA_TLS_CERTIFICATE_FILE, value: /run/stella/tls/tls.crt}
- {name: STELLA_TLS_KEY_FILE, value: /run/stella/tls/tls.key}
- {name: STELLA_TLS_CA_FILE, value: /run/stella/tls/ca.crt}
- {name: STELLA_TLS_CLIENTS, value: {{ $values.tls.clients | quote }}}
{{- end }}
{{- range $known.peers }}
- {name: STELLA_{{ . | upper | replace "-" "_" }}_ADDRESS, value: "dns:///{{ include "stella.fullname" $root }}-{{ . }}-peers.{{ $root.Release.Namespace }}.svc:7070"}
{{- end }}
{{- range $file, $variable := $known.keys }}
- {name: STELLA_{{ $variable }}_KEY_FILE, value: /run/stella/keys/{{ $file }}-key.pem}
{{- end }}
{{- if $known.trust }}
- {name: STELLA_TRUST_ROOT_FILE, value: /run/stella/trust/trust-root.json}
- {name: STELLA_ROOT_KEYS_FILE, value: /run/stella/trust/root-keys.pem}
{{- end }}
{{- with $service.pullInterval }}
- {name: STELLA_PULL_INTERVAL, value: {{ . | quote }}}
{{- end }}
{{- with $service.logOrigin }}
- {name: STELLA_LOG_ORIGIN, value: {{ . | quote }}}
{{- end }}
{{- with $service.crossVerifyWait }}
- {name: STELLA_CROSS_VERIFY_WAIT, value: {{ . | quote }}}
{{- end }}
{{- with $service.verifierId }}
- {name: STELLA_VERIFIER_ID, value: {{ . | quote }}}
{{- end }}
{{- with $service.trustedPublishers }}
- {name: STELLA_TRUSTED_PUBLISHERS, value: {{ join "," . | quote }}}
{{- end }}
{{- if eq .name "replay-worker" }}
- {name: STELLA_WORK_FOLDER, value: /tmp/replays}
- {name: STELLA_REPLAYS_AT_ONCE, value: {{ ternary $values.replay.jobsAtOnce $service.replaysAtOnce (eq $values.replay.mode "jobs") | quote }}}
{{- if eq $values.replay.mode "jobs" }}
- {name: STELLA_REPLAY_JOBS_FILE, value: /run/stella/replay/jobs.json}
{{- end }}
{{- end }}
- {name: OTEL_SERVICE_NAME, value: "stella-{{ .name }}"}
{{- if $values.telemetry.otlpEndpoint }}
- {name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ $values.telemetry.otlpEndpoint | quote }}}
- {name: OTEL_EXPORTER_OTLP_PROTOCOL, value: http/protobuf}
{{- else }}
- {name: OTEL_SDK_DISABLED, value: "true"}
{{- end }}
{{- with $service.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "stella.databaseEnv" -}}
- {name: STELLA_DATABASE_URL_FILE, value: /run/stella/database/url}
{{- end }}

{{- define "stella.kafkaEnv" -}}
{{- $kafka := .root.Values.kafka -}}
- {name: STELLA_KAFKA_BROKERS, value: {{ include "stella.brokers" .root | quote }}}
{{- with $kafka.topicPrefix }}
- {name: STELLA_KAFKA_TOPIC_PREFIX, value: {{ . | quote }}}
{{- end }}
{{- if $kafka.tls }}
- {name: STELLA_KAFKA_TLS, value: "true"}
{{- end }}
{{- with $kafka.saslMechanism }}
- {name: STELLA_KAFKA_SASL_MECHANISM, value: {{ . | quote }}}
- {name: STELLA_KAFKA_SASL_USERNAME_FILE, value: /run/stella/kafka/username}
- {name: STELLA_KAFKA_SASL_PASSWORD_FILE, value: /run/stella/kafka/password}
{{- end }}
{{- $variables := dict "ca.crt" "STELLA_KAFKA_CA_FILE" "tls.crt" "STELLA_KAFKA_CERTIFICATE_FILE" "tls.key" "STELLA_KAFKA_KEY_FILE" }}
{{- range $kafka.secretFiles }}
- {name: {{ get $variables . }}, value: /run/stella/kafka/{{ . }}}
{{- end }}
{{- end }}

{{- /* Where the files of these variables come from: one projected volume, with this service's items only. */ -}}
{{- define "stella.sources" -}}
{{- $root := .root -}}
{{- $values := $root.Values -}}
{{- $known := get (include "stella.catalogue" $root | fromYaml) .name -}}
{{ include "stella.databaseSource" . }}
{{- with include "stella.kafkaSource" . }}
{{ . }}
{{- end }}
- secret:
    name: {{ include "stella.required" (dict "root" $root "path" "s3.existingSecret") }}
    items:
      - {key: access-key, path: s3/access-key}
      - {key: secret-key, path: s3/secret-key}
      {{- if $values.s3.hasCertificateAuthority }}
      - {key: ca.crt, path: s3/ca.crt}
      {{- end }}
- secret:
    name: {{ include "stella.required" (dict "root" $root "path" "oidc.existingSecret") }}
    items: [{key: {{ .name }}, path: oidc/client-secret}]
{{- with $values.tls.existingSecret }}
- secret:
    name: {{ . }}
    items: [{key: tls.crt, path: tls/tls.crt}, {key: tls.key, path: tls/tls.key}, {key: ca.crt, path: tls/ca.crt}]
{{- end }}
{{- if $known.keys }}
- secret:
    name: {{ include "stella.required" (dict "root" $root "path" (printf "keys.existingSecrets.%s" .name)) }}
    items:
      {{- range $file, $_ := $known.keys }}
      - {key: {{ $file }}-key.pem, path: keys/{{ $file }}-key.pem}
      {{- end }}
{{- end }}
{{- if $known.trust }}
- configMap:
    name: {{ include "stella.required" (dict "root" $root "path" "trust.existingConfigMap") }}
    items: [{key: trust-root.json, path: trust/trust-root.json}, {key: root-keys.pem, path: trust/root-keys.pem}]
{{- end }}
{{- if and (eq .name "replay-worker") (eq $values.replay.mode "jobs") }}
- configMap:
    name: {{ include "stella.fullname" $root }}-replay-jobs
    items: [{key: jobs.json, path: replay/jobs.json}]
{{- end }}
{{- end }}

{{- /* Of every service, since each has events and uploads of its own; what the gate alone keeps is its alone. */ -}}
{{- define "stella.retentionEnv" -}}
{{- $retention := .root.Values.retention -}}
{{- $needed := add (include "stella.hours" $retention.topics) 192 -}}
{{- range $name := list "events" "deadLetters" }}
{{- $kept := get $retention $name }}
{{- if and $kept (lt (include "stella.hours" $kept | int) ($needed | int)) }}{{ fail (printf "stella: \"retention.%s\" is %s, less than \"retention.topics\" (%s) and 8 days more: an event that its topic still has would be handled a second time" $name $kept $retention.topics) }}{{ end }}
{{- end -}}
- {name: STELLA_RETENTION_EVENTS, value: {{ $retention.events | quote }}}
{{- with $retention.deadLetters }}
- {name: STELLA_RETENTION_DEAD_LETTERS, value: {{ . | quote }}}
{{- end }}
- {name: STELLA_RETENTION_TOPICS, value: {{ $retention.topics | quote }}}
- {name: STELLA_RETENTION_UPLOADS, value: {{ $retention.uploads | quote }}}
{{- if eq .name "gate" }}
- {name: STELLA_RETENTION_EVALUATIONS, value: {{ $retention.evaluations | quote }}}
- {name: STELLA_RETENTION_NEWS, value: {{ $retention.news | quote }}}
{{- end }}
{{- end }}

{{- /* `12h` and `7d` as hours. */ -}}
{{- define "stella.hours" -}}
{{- $amount := regexFind "^[0-9]+" . | int -}}
{{- if hasSuffix "d" . }}{{ mul $amount 24 }}{{ else }}{{ $amount }}{{ end -}}
{{- end }}

{{- define "stella.databaseSource" -}}
- secret:
    name: {{ include "stella.required" (dict "root" .root "path" "database.existingSecret") }}
    items: [{key: {{ .name }}, path: database/url}]
{{- end }}

{{- define "stella.kafkaSource" -}}
{{- $kafka := .root.Values.kafka -}}
{{- $keys := concat (ternary (list "username" "password") list (ne $kafka.saslMechanism "")) $kafka.secretFiles -}}
{{- if $keys -}}
- secret:
    name: {{ include "stella.required" (dict "root" .root "path" "kafka.existingSecret") }}
    items:
      {{- range $keys }}
      - {key: {{ . }}, path: kafka/{{ . }}}
      {{- end }}
{{- end }}
{{- end }}

{{- define "stella.brokers" -}}
{{- if not .Values.kafka.brokers }}{{ include "stella.required" (dict "root" . "path" "kafka.brokers") }}{{ end -}}
{{- join "," .Values.kafka.brokers -}}
{{- end }}
