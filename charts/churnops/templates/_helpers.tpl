{{- define "churnops.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{- define "churnops.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (printf "%s-operator" (include "churnops.fullname" .)) -}}
{{- end }}

{{- /* What never changes over upgrades: a Deployment's selector is immutable. Argument: (dict "root" $ "component" NAME). */}}
{{- define "churnops.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "churnops.labels" -}}
{{ include "churnops.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* Whom the operator's rights are given to. */}}
{{- define "churnops.subjects" -}}
- kind: ServiceAccount
  name: {{ include "churnops.serviceAccountName" . }}
  namespace: {{ .Release.Namespace }}
{{- end }}

{{- /*
How the operator's pods are replaced. Those that take part in the election may overlap. One that does not is stopped first, or the old and
the new one would write over each other: that is so without election, and when the release before had none.
*/}}
{{- define "churnops.strategy" -}}
{{- $takesPart := true -}}
{{- $live := lookup "apps/v1" "Deployment" .Release.Namespace (printf "%s-operator" (include "churnops.fullname" .)) -}}
{{- if $live -}}
{{- $takesPart = false -}}
{{- range $live.spec.template.spec.containers -}}
{{- range .env -}}
{{- if and (eq .name "CHURNOPS_LEADER_ELECTION") (eq (default "" .value) "true") }}{{ $takesPart = true }}{{ end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and .Values.operator.leaderElection.enabled $takesPart -}}
type: RollingUpdate
rollingUpdate: { maxSurge: 1, maxUnavailable: 0 }
{{- else -}}
type: Recreate
{{- end -}}
{{- end }}

{{- /* An image reference. Argument: (dict "root" $ "image" .Values.images.NAME). */}}
{{- define "churnops.image" -}}
{{- with .root.Values.images.registry }}{{ . }}/{{ end -}}
{{- .image.repository -}}
{{- if .image.digest -}}@{{ .image.digest }}{{- else -}}:{{ .image.tag | default .root.Chart.AppVersion }}{{- end -}}
{{- end }}

{{- /* The `restricted` Pod Security Standard, for a pod and for a container. */}}
{{- define "churnops.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "churnops.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- /* The Lease of the leader. */}}
{{- define "churnops.leaseName" -}}
{{ .Values.operator.leaderElection.leaseName | default (printf "%s-operator" (include "churnops.fullname" .)) }}
{{- end }}
