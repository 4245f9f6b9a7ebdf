import { isErrorCode } from '../../contracts/error-catalogue.ts';
import { FailureReport } from '../../contracts/reports.ts';
import type { PodProblem } from '../rollout/facts.ts';
import type { ContainerStatus, Pod } from './kinds.ts';
import { reportOf } from './termination-message.ts';

/** What the kubelet says while a container waits for something that is not the package: it tries again by itself. */
const OUTSIDE_REASONS = new Set([
  'CreateContainerConfigError',
  'CreateContainerError',
  'ErrImageNeverPull',
  'ErrImagePull',
  'ImageInspectError',
  'ImagePullBackOff',
  'InvalidImageName',
  'RegistryUnavailable',
  'Unschedulable',
]);
/** Two words of the kubelet for one cause, which it says in turns: told as one, or status and events would never rest. */
const SAME_CAUSE: Readonly<Record<string, string>> = { ErrImagePull: 'ImagePullBackOff' };
const BACK_OFF = /^Back-off pulling image "[^"]*": ErrImagePull: /;
/** Waiting that is no problem yet. */
const STARTING_REASONS = new Set(['PodInitializing', 'ContainerCreating']);
/** Faults of the package itself: nothing outside comes back. */
const PACKAGE_CODES = new Set(['GoldenMismatch', 'GraphInvalid', 'GoldenInvalid', 'CardInvalid', 'PackageTooLarge', 'ScoringFailed']);

/** The failure report a container left, if it left one that can be read. */
export function failureReportOf(message: string | undefined): FailureReport | undefined {
  return reportOf(FailureReport, message);
}

const LONGEST = 500;
/** Said of every failed container that is started again, whether it waits for that, runs again or has just ended: the status need not change with each. */
const AGAIN = ' The kubelet tries again by itself, backing off up to 5 minutes.';

/** `after` is never cut off. */
function bounded(text: string, after = ''): string {
  const longest = LONGEST - after.length;
  return text.length <= longest ? `${text}${after}` : `${text.slice(0, longest - 3)}...${after}`;
}

function containerProblem(status: ContainerStatus, startsAgain: boolean): PodProblem | undefined {
  const ended = status.state.terminated ?? status.lastState.terminated;
  const waiting = status.state.waiting;
  if (ended !== undefined && ended.exitCode !== 0 && !status.ready) {
    const retry = startsAgain ? AGAIN : '';
    const report = failureReportOf(ended.message);
    if (report !== undefined) return { code: report.code, message: bounded(report.message, retry), outside: isErrorCode(report.code) && !PACKAGE_CODES.has(report.code) };
    if (ended.reason === 'OOMKilled') return { code: 'OOMKilled', message: bounded(`container ${status.name} needs more memory: raise spec.serving.resources.limits.memory.`, retry), outside: true };
    return { code: ended.reason ?? 'ContainerFailed', message: bounded(`container ${status.name} ended with exit code ${ended.exitCode} (${status.restartCount} restarts); see kubectl logs.`, retry), outside: false };
  }
  if (waiting?.reason !== undefined && !STARTING_REASONS.has(waiting.reason)) {
    const message = waiting.message?.replace(BACK_OFF, '') ?? waiting.reason;
    return { code: SAME_CAUSE[waiting.reason] ?? waiting.reason, message: bounded(`container ${status.name}: ${message}`), outside: OUTSIDE_REASONS.has(waiting.reason) };
  }
  return undefined;
}

/** What the scheduler says of a volume claim, in the words of who can help. */
function claimProblem(message = ''): PodProblem | undefined {
  const missing = /persistentvolumeclaim "([^"]+)" not found/i.exec(message)?.[1];
  if (missing !== undefined) return { code: 'VolumeClaimNotFound', message: bounded(`PersistentVolumeClaim ${missing} does not exist in this namespace: create it, or correct spec.storage.volumeClaim.`), outside: true };
  if (/unbound immediate PersistentVolumeClaims/i.test(message)) return { code: 'VolumeClaimUnbound', message: 'The volume claim is not bound: no volume fits it yet; see kubectl describe pvc.', outside: true };
  return undefined;
}

/** Why a pod does not become ready; undefined while it merely starts. */
export function podProblem(pod: Pod): PodProblem | undefined {
  const startsAgain = pod.spec.restartPolicy !== 'Never';
  for (const status of [...pod.status.initContainerStatuses, ...pod.status.containerStatuses]) {
    const problem = containerProblem(status, startsAgain);
    if (problem !== undefined) return problem;
  }
  const scheduled = pod.status.conditions.find((condition) => condition.type === 'PodScheduled');
  if (scheduled?.status === 'False') return claimProblem(scheduled.message) ?? { code: scheduled.reason ?? 'Unschedulable', message: bounded(scheduled.message ?? 'no node fits'), outside: true };
  if (pod.status.phase === 'Failed') return { code: pod.status.reason ?? 'PodFailed', message: bounded(pod.status.message ?? 'the pod failed'), outside: true };
  return undefined;
}
