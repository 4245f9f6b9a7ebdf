import { canonicalJson, sha256Hex } from '../../contracts/digest.ts';
import { durationMs } from '../../contracts/duration.ts';
import { EvaluationRequest, type EvaluatedVersion } from '../../contracts/evaluation-request.ts';
import { gateMode } from '../../contracts/churn-model/rollout.ts';
import type { Decision } from '../rollout/decision.ts';
import type { GateFinding, VersionIdentity } from '../rollout/state.ts';
import type { Desired } from './desired.ts';
import { jobPod, modelSecretVolume, variables } from './pod-parts.ts';
import type { Settings } from './settings.ts';
import { childLabels, childMetadata, type Subject } from './subject.ts';

/** A million pairs take minutes; the files they are in may come slowly. */
const DEADLINE_SECONDS = 3600;
/** How long people can read the logs of a finished look: the newest ten, and for long enough that a leader that takes over reads what it said. */
const KEEP_FINISHED_SECONDS = { least: 300, most: 3600 } as const;
const KEPT_LOOKS = 10;
/** Objects of the journal are copied here before they are joined. */
const SCRATCH_LIMIT = '10Gi';
const RESOURCES = { requests: { cpu: '100m', memory: '512Mi' }, limits: { memory: '2Gi' } } as const;
const DEFAULT_HORIZON = '720h';

type Evaluation = NonNullable<Decision['evaluation']>;

/** Name of the Job of one run; the same run has the same name after a crash. */
export function evaluateJobName(subject: Pick<Subject, 'name'>, { candidate, startedAtMs, run }: Readonly<{ candidate: Pick<VersionIdentity, 'hash'>; startedAtMs: number; run: number }>): string {
  return `${subject.name}-evaluate-${sha256Hex(canonicalJson([candidate.hash, startedAtMs, run])).slice(0, 8)}`;
}

function evaluated({ repository, version, digest, hash }: VersionIdentity): EvaluatedVersion {
  return { repository, version, digest, hash };
}

function earlierLook({ atMs, rows, verdict, reason }: GateFinding): EvaluationRequest['lastLook'] {
  return { at: new Date(atMs).toISOString(), rows, verdict, reason };
}

/**
 * What the Job is asked: all that decides (contracts/evaluation-request.ts).
 * @throws TypeError for a model without a gate: then nothing is evaluated
 */
export function evaluationRequest({ name, namespace, spec }: Pick<Subject, 'name' | 'namespace' | 'spec'>, candidateAddress: string, { candidate, stable, sinceMs, lastLook }: Evaluation): EvaluationRequest {
  const gate = spec.rollout?.gate;
  if (gate === undefined) throw new TypeError('a model without spec.rollout.gate is not evaluated');
  const { labels, minAUC, confidence, maxRegression, minPositives, minNegatives } = gate;
  return EvaluationRequest.parse({
    schemaVersion: 1,
    kind: 'Candidate',
    candidate: evaluated(candidate),
    stable: evaluated(stable),
    gate: { labels, mode: gateMode(gate), minAUC, confidence, maxRegression, minPositives, minNegatives },
    ...(spec.serving?.decisionThreshold === undefined ? {} : { decisionThreshold: spec.serving.decisionThreshold }),
    ...(labels === 'Feedback' ? { since: new Date(sinceMs).toISOString() } : {}),
    horizonMs: durationMs(spec.labels?.horizon ?? DEFAULT_HORIZON),
    population: spec.labels?.population ?? 'All',
    ...(spec.labels?.import === undefined ? {} : { import: spec.labels.import }),
    ...(gate.replay === undefined ? {} : { replay: { dataset: gate.replay.dataset, candidateAddress, stableAddress: `${name}.${namespace}.svc:80` } }),
    ...(lastLook === undefined ? {} : { lastLook: earlierLook(lastLook) }),
  });
}

/** Where looks follow each other quickly, Jobs and pods of an hour would be hundreds. */
function keepFinishedSeconds({ spec }: Subject): number {
  const gate = spec.rollout?.gate;
  if (gate === undefined || gate.labels === 'Replay') return KEEP_FINISHED_SECONDS.most;
  const { least, most } = KEEP_FINISHED_SECONDS;
  return Math.min(Math.max(Math.ceil((KEPT_LOOKS * durationMs(gate.interval)) / 1000), least), most);
}

/** The Job that measures a candidate: one look of its gate (DESIGN section 5). */
export function evaluateJob(subject: Subject, settings: Settings, candidateAddress: string, evaluation: Evaluation): Desired {
  const labels = childLabels(subject, 'evaluate');
  const environment = variables({ CHURNOPS_EVALUATION: JSON.stringify(evaluationRequest(subject, candidateAddress, evaluation)) });
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { ...childMetadata(subject, '', labels), name: evaluateJobName(subject, evaluation) },
    spec: {
      // Every run is a Job of its own, so that the next one is ours to time and to explain.
      backoffLimit: 0,
      activeDeadlineSeconds: DEADLINE_SECONDS,
      ttlSecondsAfterFinished: keepFinishedSeconds(subject),
      template: jobPod(subject, settings, { name: 'evaluate', repository: evaluation.candidate.repository, labels, environment, resources: RESOURCES, scratchLimit: SCRATCH_LIMIT, volumes: [modelSecretVolume(subject, 'predictionKeys')] }),
    },
  };
}
