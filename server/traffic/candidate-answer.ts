import { jsonOrUndefined } from '../../contracts/json.ts';
import type { CandidateAbsence } from '../../contracts/traffic.ts';
import type { VersionScore } from '../prediction/observed-prediction.ts';

/** What the candidate made of a row, with the label as it says it. */
export type CandidateScore = VersionScore & Readonly<{ label: string }>;

/** The version that must have answered. */
export type CandidateIdentity = Readonly<{ version: string; hash: string }>;

const OK = 200;

/**
 * What the candidate's answer says about `rows` rows; the absence where it says nothing that can be used. Nothing of it is taken on trust:
 * an address may belong to another pod by now.
 */
export function readCandidateAnswer(status: number, body: Buffer, rows: number, identity: CandidateIdentity): readonly CandidateScore[] | CandidateAbsence {
  if (status !== OK) {
    if (status >= 400 && status < 500) return 'Refused';
    return status >= 500 ? 'Failed' : 'InvalidAnswer';
  }
  const predictions = predictionsOf(body);
  if (predictions?.length !== rows) return 'InvalidAnswer';
  const scores: CandidateScore[] = [];
  for (const prediction of predictions) {
    const score = scoreOf(prediction, identity);
    if (score === undefined) return 'InvalidAnswer';
    scores.push(score);
  }
  return scores;
}

function predictionsOf(body: Buffer): readonly unknown[] | undefined {
  const json = jsonOrUndefined(body.toString('utf8'));
  const predictions: unknown = isRecord(json) ? json.predictions : undefined;
  return Array.isArray(predictions) ? predictions : undefined;
}

function scoreOf(prediction: unknown, { version, hash }: CandidateIdentity): CandidateScore | undefined {
  if (!isRecord(prediction) || prediction.version !== version) return undefined;
  const { probability, decision, label } = prediction;
  if (typeof probability !== 'number' || !(probability >= 0 && probability <= 1)) return undefined;
  if (typeof decision !== 'boolean' || typeof label !== 'string') return undefined;
  return { version, hash, probability, decision, label };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const DURATION = /(?:^|,)\s*handler\s*;\s*dur=(\d+(?:\.\d+)?)\s*(?:$|[,;])/;
const MILLISECONDS = 1000;

/** The candidate's own handler time in seconds, from its `Server-Timing: handler;dur=<milliseconds>`; undefined where it does not say. */
export function handlerSeconds(serverTiming: string | readonly string[] | undefined): number | undefined {
  const text = typeof serverTiming === 'string' ? serverTiming : serverTiming?.join(',');
  const duration = text === undefined ? undefined : DURATION.exec(text)?.[1];
  return duration === undefined ? undefined : Number(duration) / MILLISECONDS;
}

/** The value of the header that {@link handlerSeconds} reads. */
export function serverTiming(seconds: number): string {
  return `handler;dur=${(seconds * MILLISECONDS).toFixed(3)}`;
}

/** Absences that are the candidate's fault. */
const ITS_FAULT: ReadonlySet<CandidateAbsence> = new Set<CandidateAbsence>(['Timeout', 'Unreachable', 'Refused', 'Failed', 'InvalidAnswer']);

/** Whether the candidate is to blame that there is no score: its error, as breaker and counters have it. */
export function isItsFault(absence: CandidateAbsence): boolean {
  return ITS_FAULT.has(absence);
}
