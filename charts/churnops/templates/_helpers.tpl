{{- define "churnops.fullname" -}}
{{- .Values.fullnameOverride | default (include "churnops.ownName" .) -}}
{{- end }}

{{- /* The release's own name: the same for as long as it is installed, whatever its objects are called. */}}
{{- define "churnops.ownName" -}}
{{- if contains .Chart.Name .Release.Name -}}
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
How the operator's pods are replaced. Those that take part in one election may overlap. One that does not is stopped first, or the old and
the new one would write over each other, each its own templates: without election, when the release before had none, and when it was held
by another Lease. An operator under another name (fullnameOverride) is another Deployment, which Helm removes last: it cannot be stopped first.
*/}}
{{- define "churnops.strategy" -}}
{{- $name := printf "%s-operator" (include "churnops.fullname" .) -}}
{{- $lease := ternary (include "churnops.leaseName" .) "" .Values.operator.leaderElection.enabled -}}
{{- $stopFirst := or (not $lease) (eq (.Values.operator.updateStrategy | default "") "Recreate") -}}
{{- $selector := include "churnops.selector" (dict "root" . "component" "operator") | fromYaml -}}
{{- range (lookup "apps/v1" "Deployment" .Release.Namespace "").items -}}
{{- if eq (toJson .spec.selector.matchLabels) (toJson $selector) -}}
{{- $variables := dict -}}
{{- range .spec.template.spec.containers -}}
{{- range .env -}}{{- $_ := set $variables .name (default "" .value) -}}{{- end -}}
{{- end -}}
{{- $itsLease := ternary (get $variables "CHURNOPS_LEASE_NAME") "" (eq (get $variables "CHURNOPS_LEADER_ELECTION") "true") -}}
{{- if or (not $lease) (ne $lease $itsLease) -}}
{{- if eq .metadata.name $name -}}
{{- $stopFirst = true -}}
{{- else if gt (int .spec.replicas) 0 -}}
{{- fail (printf "the operator %s would become %s (fullnameOverride) and the two would not take part in one election (Lease %q, then %q): both would write. Change the name alone, in an upgrade of its own, or stop the old one first: kubectl -n %s scale deployment/%s --replicas=0" .metadata.name $name $itsLease $lease $.Release.Namespace .metadata.name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if $stopFirst -}}
type: Recreate
{{- else -}}
type: RollingUpdate
rollingUpdate: { maxSurge: 1, maxUnavailable: 0 }
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

{{- /* The Lease of the leader. Not after fullnameOverride: an operator that is renamed stays in one election with the one that it replaces. */}}
{{- define "churnops.leaseName" -}}
{{ .Values.operator.leaderElection.leaseName | default (printf "%s-operator" (include "churnops.ownName" .)) }}
{{- end }}
