import type { EvaluationReport, InspectionReport } from '../../contracts/reports.ts';
import type { TrafficPolicy } from '../../contracts/traffic.ts';
import type { RolloutState, VersionIdentity } from './state.ts';

/** Why a pod does not become ready. `code` is of the error catalogue, or a Kubernetes reason. */
export type PodProblem = Readonly<{
  code: string;
  message: string;
  /** True where the pod comes right by itself once the outside does (store back, file restored): it holds, it does not reject. */
  outside: boolean;
}>;

/** Pods of one hash. */
export type VersionPods = Readonly<{
  /** Replicas that the Deployment asks for now; undefined: there is no Deployment. */
  requested: number | undefined;
  /** Ready, not terminating, of the Deployment's newest template. */
  readyUpToDate: number;
  /** Of an older template, and still there: they are being replaced in place. */
  outdated: number;
  /** Ready and not terminating, of any template: what callers reach. */
  ready: number;
  /** Of the pod that fails worst, if one does. */
  problem: PodProblem | undefined;
}>;

/** What became of a Job that ends with a report. */
export type ReportingJob<Report> = Readonly<
  | { state: 'Absent' }
  | { state: 'Running'; problem: PodProblem | undefined }
  | { state: 'Finished'; report: Report; finishedAtMs: number }
  /** It ended without a report that can be read. */
  | { state: 'Broken'; message: string; finishedAtMs: number }
>;
/** What became of the inspect Job of a key and attempt. */
export type InspectionJob = ReportingJob<InspectionReport>;
/** What became of the evaluate Job of a run. */
export type EvaluationJob = ReportingJob<EvaluationReport>;

/** What a candidate must prove, as far as the rollout cares. */
export type WantedGate = Readonly<{
  /** Names what a verdict depends on: another gate gives another one. */
  key: string;
  labels: 'Replay' | 'Feedback';
  /** Between two looks of a Feedback gate. */
  intervalMs: number;
}>;

/** What a traffic policy says beside who it is about. */
export type WantedTraffic = Readonly<{
  /** Of requests in Shadow. */
  mirrorPercent: number;
  /** Of 50 forwards, from which the breaker opens. */
  maxErrorPercent: number;
  /** host:port of the candidate's headless Service. */
  candidateAddress: string;
}>;

/** What `spec` and annotations ask for, as far as the rollout cares. */
export type Wanted = Readonly<{
  repository: string;
  requested: string;
  /** Names the inputs of an inspection: another version, gate, store or permission is another key. */
  inspectionKey: string;
  /** Pods to serve with; under autoscaling the fewest. */
  replicas: number;
  /** How an autoscaler sizes the version that serves; undefined: `replicas` does. */
  autoscaling: Readonly<{ maxReplicas: number; targetCPUPercent: number }> | undefined;
  rollbackWindowMs: number;
  /** What a candidate must prove beside stable; undefined: it takes over as soon as its pods are ready. */
  gate: WantedGate | undefined;
  traffic: WantedTraffic;
  /** How `latest` is looked after; undefined: a version is pinned, or the rollout is suspended. */
  poll: Readonly<{ intervalMs: number; /** The model's own place within an interval, below it: a thousand models made at once do not ask at once. */ offsetMs: number; /** Whether a newer version overtakes the one under way. */ whileUnderWay: boolean }> | undefined;
}>;

/** The model's own autoscaler as it is. */
export type LiveAutoscaler = Readonly<{
  /** First 8 digits of the hash whose Deployment it sizes; undefined: something else, by somebody's hand. */
  target: string | undefined;
  /** Whether it can compute a size, as it says itself. */
  scaling: Readonly<{ status: 'True' | 'False' | 'Unknown'; reason: string; message: string }>;
}>;

/** Plain facts of one look at the cluster. */
export type Facts = Readonly<{
  nowMs: number;
  wanted: Wanted;
  state: RolloutState;
  /** First 8 digits of the hash that the Service selects now; undefined: it selects nobody, or is not there. */
  selected: string | undefined;
  /** What the Deployment that the Service selects says of itself; undefined: it selects nobody, or that cannot be read. */
  serving: VersionIdentity | undefined;
  /** First 8 digits of the hash whose pods the model's own headless Service finds; undefined: there is none, or one of that name is somebody else's. */
  found: string | undefined;
  /** Pods by candidate hash. */
  pods: (hash: string) => VersionPods;
  /** The one with the highest revision among the policies that pods of the model bear; undefined: none bears one that can be read. */
  policyOnPods: TrafficPolicy | undefined;
  /** undefined: there is none, or one of that name is somebody else's. */
  autoscaler: LiveAutoscaler | undefined;
  /** Job of the candidate's inspection, else of the look for a newer version, as the state names it. */
  inspectionJob: InspectionJob;
  /** Job of the run that the candidate's gate names. */
  evaluationJob: EvaluationJob;
}>;
