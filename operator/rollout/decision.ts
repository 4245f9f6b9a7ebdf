import type { Phase } from '../../contracts/churn-model/status.ts';
import type { CandidateHash } from '../../contracts/digest.ts';
import type { TrafficPolicy } from '../../contracts/traffic.ts';
import type { PodProblem } from './facts.ts';
import type { GateFinding, RolloutState, VersionIdentity } from './state.ts';

/** Why the rollout stands where it does: the same word in condition, event, log and metric. */
export type Reason =
  | 'Settled'
  /** `latest` cannot be resolved at the moment; stable serves on. */
  | 'PollFailed'
  | 'Inspecting'
  | 'InspectionRetry'
  | 'StartingPods'
  | 'PodsFailing'
  | 'ScaledToZero'
  /** Status was lost, and what serves cannot be told: a candidate with a gate waits. */
  | 'StableUnknown'
  /** The candidate runs beside stable, which answers all callers. */
  | 'Shadowing'
  /** The candidate answers a share of callers. */
  | 'CanaryStep'
  | 'OfflineGateFailed'
  | 'SchemaIncompatible'
  | 'NotReady';

/** What happened in this step, for events. */
export type Move = Readonly<
  | { move: 'InspectionStarted'; requested: string; attempt: number }
  | { move: 'InspectionErrored'; requested: string; attempt: number; code: string; message: string; nextTryAtMs: number }
  | { move: 'InspectionPassed'; version: string; message: string }
  /** An inspection of `latest` found nothing that is not decided about already. */
  | { move: 'NothingNewer'; version: string; message: string }
  /** A look for a newer version found one. */
  | { move: 'NewerVersion'; version: string }
  /** Looks for a newer version began to fail, or fail for another reason than before. */
  | { move: 'PollErrored'; code: string; message: string; nextTryAtMs: number }
  | { move: 'CandidateAborted'; version: string }
  /** Something outside keeps its pods from becoming ready; `code` and `message` say what. */
  | { move: 'CandidateHeld'; version: string; code: string; message: string }
  /** All its pods are ready: what callers ask stable is mirrored to it from now on. */
  | { move: 'ShadowStarted'; version: string }
  /** The gate found something else than before. */
  | { move: 'GateJudged'; version: string; verdict: GateFinding['verdict']; reason: string; message: string }
  /** Looks of the gate began to fail, or fail for another reason than before. */
  | { move: 'GateErrored'; version: string; code: string; message: string; nextTryAtMs: number }
  | { move: 'CandidateRejected'; version: string; reason: Reason; message: string }
  | { move: 'Promoted'; version: string; from: string | undefined; /** None of its pods was ready. */ wasDown: boolean }
  /** Status did not say who serves; the Deployment that the Service selects did. */
  | { move: 'StableRebuilt'; version: string }
  | { move: 'ReturnedToPrevious'; version: string }
  | { move: 'PreviousDrained'; version: string }
  | { move: 'PreviousRemoved'; version: string }
>;

/** A Deployment that should exist, and its size; undefined: an autoscaler sizes it, and nobody else does. */
export type DesiredVersion = Readonly<{ identity: VersionIdentity; replicas: number | undefined }>;

/** A HorizontalPodAutoscaler as it should be. `target`: first 8 digits of the hash whose Deployment it sizes. */
export type DesiredAutoscaler = Readonly<{ target: string; minReplicas: number; maxReplicas: number; targetCPUPercent: number }>;

/** The next state and what the cluster should look like; nothing here has happened yet. */
export type Decision = Readonly<{
  phase: Phase;
  reason: Reason;
  /** For the message: code and text of what holds the rollout up. */
  problem: Readonly<{ code: string; message: string; nextTryAtMs?: number }> | undefined;
  state: RolloutState;
  /** Job that should be running. */
  inspection: Readonly<{
    key: string;
    attempt: number;
    repository: string;
    requested: string;
    startedAtMs: number;
    /** Versions that `latest` may turn out to be without being inspected again. */
    known: readonly string[];
    /** Whether it looks for a newer version while nothing is under way. */
    poll: boolean;
  }> | undefined;
  /** Evaluation of the candidate that should be running. */
  evaluation: Readonly<{ candidate: VersionIdentity; stable: VersionIdentity; /** Of the candidate; with the run it names the Job. */ startedAtMs: number; run: number; /** When stable's pods were first asked to mirror. */ sinceMs: number; lastLook: GateFinding | undefined; /** What keeps its Job from getting on. */ heldUpBy: PodProblem | undefined }> | undefined;
  versions: readonly DesiredVersion[];
  /** Whom the Service selects; undefined: nobody yet. */
  selected: CandidateHash | undefined;
  /** A hash (its first 8 digits) that answers callers though the status knows of no stable version: left alone until one takes over. */
  unrecorded: string | undefined;
  /** Once the Service selects; undefined: none, and it goes before anything is scaled. */
  autoscaler: DesiredAutoscaler | undefined;
  /** Before the Service moves: the autoscaler keeps the side that callers leave at its size. */
  holding: DesiredAutoscaler | undefined;
  /** The policy that every pod of stable should bear, and no other pod; undefined: none has one. The first of all writes. */
  policy: TrafficPolicy | undefined;
  /** Whose pods the headless Service finds; undefined: there is none. */
  besideStable: CandidateHash | undefined;
  moves: readonly Move[];
  /** When to look again without an event, milliseconds from now. */
  recheckMs: number | undefined;
}>;
