{{- define "stella.fullname" -}}
{{- if contains "stella" .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-stella" .Release.Name | trunc 40 | trimSuffix "-" }}{{ end -}}
{{- end }}

{{- /* Of every object. (dict "root" $ "component" "gate") */ -}}
{{- define "stella.labels" -}}
app.kubernetes.io/name: stella
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "stella.selector" -}}
app.kubernetes.io/name: stella
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end }}

{{- /* (dict "root" $ "name" "gate") */ -}}
{{- define "stella.image" -}}
{{- $image := .root.Values.global.image -}}
{{- with $image.registry }}{{ . | trimSuffix "/" }}/{{ end }}stella-{{ .name }}:{{ $image.tag | default .root.Chart.AppVersion }}
{{- end }}

{{- define "stella.pullSecrets" -}}
{{- with .Values.global.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{- /* A value that nothing can be guessed for. (dict "root" $ "path" "s3.bucket") */ -}}
{{- define "stella.required" -}}
{{- $value := .root.Values -}}
{{- range splitList "." .path }}{{ $value = index $value . }}{{ end -}}
{{- if not $value }}{{ fail (printf "stella: the value %q is required; see the chart's README" .path) }}{{ end -}}
{{- $value -}}
{{- end }}

{{- /* What differs between services: whom they call, the keys they sign with, whether they hold a trust root. */ -}}
{{- define "stella.catalogue" -}}
csfg: {grpc: [stella.csfg.v1alpha.StackGraphService], peers: [marketplace]}
fbpe: {grpc: [stella.fbpe.v1alpha.FederationService], peers: [psdi], keys: {evidence: EVIDENCE, log: LOG, cosigner: COSIGNER}, trust: true}
frvf: {grpc: [stella.frvf.v1alpha.WitnessService], peers: [psdi, replay-worker], keys: {evidence: EVIDENCE}, trust: true}
gate: {grpc: [stella.gate.v1alpha.GateService], peers: [psdi, frvf, fbpe], keys: {verdict: VERDICT, policy: POLICY, revocation: REVOCATION}, trust: true}
marketplace: {grpc: [stella.marketplace.v1alpha.MarketplaceService]}
psdi: {grpc: [stella.psdi.v1alpha.DeltaIndexService], keys: {evidence: EVIDENCE}, trust: true}
replay-worker: {grpc: [stella.replay_worker.v1alpha.ReplayWorkerService]}
{{- end }}

{{- define "stella.replayNamespace" -}}
{{- $namespace := .Values.replay.namespace | default (printf "%s-replays" .Release.Namespace) -}}
{{- if and (eq .Values.replay.mode "jobs") (eq $namespace .Release.Namespace) }}{{ fail "stella: replay.namespace must not be the release's own: who may create Jobs there may read its secrets" }}{{ end -}}
{{- $namespace -}}
{{- end }}

{{- /* Pod Security `restricted`, a root file system that nobody writes to. */ -}}
{{- define "stella.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "stella.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- /* A worker that makes capsules itself needs the calls of the shipped profile. */ -}}
{{- define "stella.localSecurity" -}}
{{ include "stella.containerSecurity" .root }}
{{- if and (eq .name "replay-worker") (eq .root.Values.replay.mode "local") .root.Values.replay.localhostProfile }}
seccompProfile: {type: Localhost, localhostProfile: {{ .root.Values.replay.localhostProfile }}}
{{- end }}
{{- end }}

{{- /* What replay-worker reads as STELLA_REPLAY_JOBS. */ -}}
{{- define "stella.replayJobs" -}}
{{- $replay := .Values.replay -}}
{{- dict
  "namespace" (include "stella.replayNamespace" .)
  "image" (include "stella.image" (dict "root" . "name" "replay-capsule"))
  "imagePullPolicy" .Values.global.image.pullPolicy
  "imagePullSecrets" .Values.global.image.pullSecrets
  "owner" (include "stella.fullname" .)
  "runtimeClassName" $replay.runtimeClassName
  "isSandbox" $replay.isSandbox
  "allowSharedKernel" $replay.allowSharedKernel
  "localhostProfile" $replay.localhostProfile
  "userNamespaces" $replay.userNamespaces
  "runsAtOnce" (index .Values.services "replay-worker" "replaysAtOnce")
  "ttlSecondsAfterFinished" $replay.ttlSecondsAfterFinished
  "deadlineSeconds" $replay.deadlineSeconds
  "resources" $replay.resources
  "nodeSelector" $replay.nodeSelector
  "tolerations" $replay.tolerations
  | toPrettyJson -}}
{{- end }}

{{- /* One rule to a system outside of the release: its peers, or anywhere but where clouds keep credentials. */ -}}
{{- define "stella.egress" -}}
- to:
    {{- if .to }}
    {{- toYaml .to | nindent 4 }}
    {{- else }}
    - ipBlock: {cidr: 0.0.0.0/0, except: [169.254.0.0/16]}
    - ipBlock: {cidr: "::/0", except: ["fe80::/10", "fd00:ec2::254/128"]}
    {{- end }}
  ports:
    {{- range .ports }}
    - {port: {{ . }}, protocol: TCP}
    {{- end }}
{{- end }}

{{- /* A file of the chart; an empty one would be a test that passes or a profile that allows nothing. (dict "root" $ "path" "files/…") */ -}}
{{- define "stella.file" -}}
{{- required (printf "stella: the chart was packed without %s" .path) (.root.Files.Get .path) -}}
{{- end }}
