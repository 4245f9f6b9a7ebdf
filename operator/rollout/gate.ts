import type { EvaluationReport } from '../../contracts/reports.ts';
import type { EvaluationJob, WantedGate } from './facts.ts';
import { LONGEST_RETRY_MS, NO_POD_MS, retryDelayMs } from './inspection.ts';
import type { GateFinding, GatePass, GateProblem, GateState } from './state.ts';

export type GateMove = Readonly<
  | { move: 'Wait'; gate: GateState | undefined; recheckMs: number | undefined }
  /** A look ended in Pass, Fail or Inconclusive. `isNews`: it says something else than the one before. */
  | { move: 'Judged'; gate: GateState; finding: GateFinding; isNews: boolean; recheckMs: number | undefined }
  /** A look could not be taken. `isNews`: for another reason than before. */
  | { move: 'Errored'; gate: GateState; problem: GateProblem; nextRunAtMs: number; isNews: boolean; recheckMs: number }
>;

type GateInput = Readonly<{
  nowMs: number;
  wanted: WantedGate;
  /** Of this candidate; undefined: nothing was asked yet. */
  gate: GateState | undefined;
  hash: string;
  /** Of the run that the state names. */
  job: EvaluationJob;
  /** Whether both sides have ready pods, and stable's find the candidate's: there is something to look at. */
  isUp: boolean;
}>;

/**
 * The next move of a gate: one look at a time, the first as soon as both sides answer. Replay looks once; Feedback again after its interval, and the Job
 * says NotDue where that is no look. A look that fails is taken again, backing off: Error is not Fail (DESIGN section 4, invariant 6), and the finding before
 * it stands. So does a Pass through all looks but one that ends in Fail (invariant 5). Findings belong to this candidate and this gate: another one asks
 * anew (invariant 4).
 */
export function decideGate(input: GateInput): GateMove {
  const { nowMs, wanted, isUp } = input;
  const gate = input.gate === undefined ? undefined : asked(input.gate, wanted, nowMs);
  if (gate === undefined) return isUp ? begun({ key: wanted.key, run: 0, failures: 0, problem: undefined, finding: undefined, passed: undefined }, nowMs) : { move: 'Wait', gate, recheckMs: undefined };
  if (gate.state === 'Running') return running(input, gate);
  // What a look found may be lost: another version of ours wrote it, in words that are not ours. Then it is found out again, by who looks once, too.
  const hasLooked = gate.nextRunAtMs === undefined && gate.finding !== undefined;
  if (hasLooked) return { move: 'Wait', gate, recheckMs: undefined };
  const leftMs = (gate.nextRunAtMs ?? nowMs) - nowMs;
  // A clock that jumped back must not make the wait longer than any wait we set.
  if (leftMs > 0 && leftMs <= Math.max(wanted.intervalMs, LONGEST_RETRY_MS)) return { move: 'Wait', gate, recheckMs: leftMs };
  return isUp ? begun(gate, nowMs) : { move: 'Wait', gate, recheckMs: undefined };
}

/** Another question has no answer yet and is due at once. Its runs go on counting: a Job of an earlier question must not answer it. */
function asked(gate: GateState, { key }: WantedGate, nowMs: number): GateState {
  return gate.key === key ? gate : { key, run: gate.run, failures: 0, problem: undefined, finding: undefined, passed: undefined, state: 'Resting', nextRunAtMs: nowMs };
}

function begun({ key, run, failures, problem, finding, passed }: Omit<GateState & { state: 'Resting' }, 'state' | 'nextRunAtMs'>, nowMs: number): GateMove {
  return { move: 'Wait', gate: { key, run: run + 1, failures, problem, finding, passed, state: 'Running', startedAtMs: nowMs }, recheckMs: undefined };
}

function running(input: GateInput, gate: GateState & { state: 'Running' }): GateMove {
  const { job } = input;
  switch (job.state) {
    case 'Absent':
      return { move: 'Wait', gate, recheckMs: undefined };
    case 'Running':
      // A pod that quota or admission refuses wakes nobody.
      return { move: 'Wait', gate, recheckMs: NO_POD_MS };
    case 'Broken':
      return errored(input, gate, { code: 'EvaluationBroken', message: job.message, atMs: job.finishedAtMs });
    case 'Finished':
      return reported(input, gate, job.report, job.finishedAtMs);
  }
}

function reported(input: GateInput, gate: GateState & { state: 'Running' }, report: EvaluationReport, finishedAtMs: number): GateMove {
  const { nowMs, wanted, hash } = input;
  if (report.candidateHash !== hash) return errored(input, gate, { code: 'EvaluationBroken', message: `the report is about ${report.candidateHash.slice(0, 8)}, not about this candidate`, atMs: finishedAtMs });
  if (report.verdict === 'Error') return errored(input, gate, { code: report.code ?? report.reason, message: report.message, atMs: finishedAtMs });
  // Without a finding nothing has been looked at, whatever the report says: asked again after the interval.
  const hasLooked = report.verdict !== 'NotDue' || gate.finding !== undefined;
  const isOnce = hasLooked && (wanted.labels === 'Replay' || report.reason === 'AlreadyLooked');
  const nextRunAtMs = isOnce ? undefined : nowMs + wanted.intervalMs;
  const rested: GateState = { key: gate.key, run: gate.run, failures: 0, problem: undefined, finding: gate.finding, passed: gate.passed, state: 'Resting', nextRunAtMs };
  const recheckMs = isOnce ? undefined : wanted.intervalMs;
  if (report.verdict === 'NotDue') return { move: 'Wait', gate: rested, recheckMs };
  const finding = findingOf(report, report.verdict, finishedAtMs);
  const isNews = gate.finding?.verdict !== finding.verdict || gate.finding.reason !== finding.reason;
  return { move: 'Judged', gate: { ...rested, finding, passed: passedBy(finding, gate.passed) }, finding, isNews, recheckMs };
}

/** The first Pass is what a rollout rests on; only a Fail takes it away. */
function passedBy(finding: GateFinding, before: GatePass | undefined): GatePass | undefined {
  const { verdict, reason, message, atMs, evidence } = finding;
  switch (verdict) {
    case 'Pass':
      return before ?? { reason, message, atMs, evidence };
    case 'Inconclusive':
      return before;
    case 'Fail':
      return undefined;
  }
}

function errored({ nowMs }: GateInput, gate: GateState & { state: 'Running' }, problem: GateProblem): GateMove {
  const { key, run, finding, passed } = gate;
  const failures = gate.failures + 1;
  const recheckMs = retryDelayMs(failures);
  const next: GateState = { key, run, failures, problem, finding, passed, state: 'Resting', nextRunAtMs: nowMs + recheckMs };
  return { move: 'Errored', gate: next, problem, nextRunAtMs: nowMs + recheckMs, isNews: gate.problem?.code !== problem.code, recheckMs };
}

function findingOf(report: EvaluationReport, verdict: GateFinding['verdict'], finishedAtMs: number): GateFinding {
  const { reason, message, candidate, difference, missing, expectedDecisionAt, finishedAt } = report;
  const expectedMs = expectedDecisionAt === undefined ? Number.NaN : Date.parse(expectedDecisionAt);
  const finishedMs = Date.parse(finishedAt);
  return {
    verdict,
    reason,
    message,
    // By the Job's own clock, which named the evidence.
    atMs: Number.isNaN(finishedMs) ? finishedAtMs : finishedMs,
    auc: boundsOf(candidate?.auc),
    rows: candidate?.rows ?? 0,
    positives: candidate?.positives ?? 0,
    negatives: candidate?.negatives ?? 0,
    difference: boundsOf(difference),
    missing: missing === undefined ? undefined : { positives: missing.positives, negatives: missing.negatives, labels: missing.labels },
    expectedDecisionAtMs: Number.isNaN(expectedMs) ? undefined : expectedMs,
    evidence: report.report ?? undefined,
  };
}

function boundsOf(estimate: Readonly<{ value: number; lower: number; upper: number }> | null | undefined) {
  return estimate === null || estimate === undefined ? undefined : { value: estimate.value, lower: estimate.lower, upper: estimate.upper };
}
