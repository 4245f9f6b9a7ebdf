/** A kwok Stage: what it does to the objects that it selects. */
export type Stage = Readonly<{ apiVersion: string; kind: string; metadata: Readonly<{ name: string }>; spec: object }>;

type Expression = Readonly<{ key: string; operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'; values?: readonly string[] }>;

const LIVES: Expression = { key: '.metadata.deletionTimestamp', operator: 'DoesNotExist' };
const PENDING: Expression = { key: '.status.phase', operator: 'In', values: ['Pending'] };
const RUNNING: Expression = { key: '.status.phase', operator: 'In', values: ['Running'] };
/** Set by the node lifecycle controller when a fake node was late with its Lease, on a busy machine; a real kubelet would put it right, too. */
const NOT_READY: Expression = { key: '.status.conditions.[] | select( .type == "Ready" ) | .status', operator: 'In', values: ['False', 'Unknown'] };
const OWNER = '.metadata.ownerReferences.[].kind';

/**
 * Pods of fake nodes: those of Jobs succeed, others become ready at once, deleted ones go. An `inspect` Job's pod leaves the report of
 * its package as its termination message; of a package that is not among `reports` it says that it is not there.
 * @param reports by `<last folder of the repository>/<version>`, without `finishedAt` and `report`
 */
export function podStages(reports: Readonly<Record<string, object>>): readonly Stage[] {
  return [
    stage('churnops-pod-ready', [LIVES, PENDING, { key: OWNER, operator: 'NotIn', values: ['Job'] }], { statusTemplate: READY }),
    stage('churnops-pod-ready-again', [LIVES, RUNNING, NOT_READY], { statusTemplate: READY_AGAIN }),
    stage('churnops-job-pod-ended', [LIVES, PENDING, { key: OWNER, operator: 'In', values: ['Job'] }], { statusTemplate: endedTemplate(reports) }),
    stage('churnops-pod-gone', [{ key: '.metadata.deletionTimestamp', operator: 'Exists' }], { delete: true }),
  ];
}

function stage(name: string, matchExpressions: readonly Expression[], next: object): Stage {
  return { apiVersion: 'kwok.x-k8s.io/v1alpha1', kind: 'Stage', metadata: { name }, spec: { resourceRef: { apiGroup: 'v1', kind: 'Pod' }, selector: { matchExpressions }, next } };
}

const ADDRESSES = `
{{ with NodeIPsWith .spec.nodeName }}
hostIP: {{ index . 0 | Quote }}
hostIPs:
{{ range . }}
- ip: {{ . | Quote }}
{{ end }}
{{ end }}
{{ with PodIPsWith .spec.nodeName false .metadata.uid .metadata.name .metadata.namespace }}
podIP: {{ index . 0 | Quote }}
podIPs:
{{ range . }}
- ip: {{ . | Quote }}
{{ end }}
{{ end }}
startTime: {{ $now | Quote }}`;

function conditions(ready: 'True' | 'False'): string {
  return ['Initialized', 'Ready', 'ContainersReady']
    .map((type) => `- type: ${type}\n  status: "${type === 'Ready' || type === 'ContainersReady' ? ready : 'True'}"\n  lastTransitionTime: {{ $now | Quote }}`)
    .join('\n');
}

const READY_AGAIN = `
{{ $now := Now }}
conditions:
${conditions('True')}`;

const READY = `
{{ $now := Now }}
phase: Running
conditions:
${conditions('True')}
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  ready: true
  started: true
  restartCount: 0
  state: {running: {startedAt: {{ $now | Quote }}}}
{{ end }}
initContainerStatuses:
{{ range .spec.initContainers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  ready: true
  restartCount: 0
  state: {terminated: {exitCode: 0, reason: Completed, startedAt: {{ $now | Quote }}, finishedAt: {{ $now | Quote }}}}
{{ end }}
${ADDRESSES}`;

/** Rendered by kwok's Go templates with sprig's functions. JSON has no back quotes of its own: they are escaped. */
function endedTemplate(reports: Readonly<Record<string, object>>): string {
  return `
{{ $now := Now }}
{{ $env := dict }}
{{ range .spec.containers }}{{ range .env }}{{ $_ := set $env .name .value }}{{ end }}{{ end }}
{{ $version := get $env "CHURNOPS_VERSION" }}
{{ $reports := fromJson \`${JSON.stringify(reports).replaceAll('`', '\\u0060')}\` }}
{{ $report := get $reports (printf "%s/%s" (base (get $env "CHURNOPS_REPOSITORY")) $version) }}
{{ $least := get $env "CHURNOPS_OFFLINE_MIN_AUC" }}
{{ if not $report }}
{{ $report = dict "schemaVersion" 1 "kind" "InspectionReport" "verdict" "Error" "reason" "PackageError" "code" "VersionNotFound" "message" (printf "There is no version %s: upload the package, or correct model.version." $version) }}
{{ else if and $least (lt $report.testAUC.value (float64 $least)) }}
{{ $report = merge (dict "verdict" "Fail" "reason" "OfflineGateFailed" "message" (printf "The test AUC is below offline.minAUC %s." $least)) $report }}
{{ end }}
{{ $report = merge (dict "finishedAt" $now) $report }}
{{ $_ := set $report "report" nil }}
phase: Succeeded
conditions:
${conditions('False')}
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  ready: false
  started: false
  restartCount: 0
  state:
    terminated:
      exitCode: 0
      reason: Completed
      startedAt: {{ $now | Quote }}
      finishedAt: {{ $now | Quote }}
      {{ if eq .name "inspect" }}
      message: {{ $report | toJson | Quote }}
      {{ end }}
{{ end }}
${ADDRESSES}`;
}
