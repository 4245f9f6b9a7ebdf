import { jsonOrUndefined } from '../../../contracts/json.ts';
import { PredictResponse } from '../../../contracts/prediction.ts';
import type { LoadPlan, SampleCall } from './protocol.ts';

/** Which version answered rightly, or what is wrong with the answer. */
export type Judged = Readonly<{ right: true; version: string } | { right: false; error: string }>;

/** Compares an answer with what its version must say about the row. */
export function judgeAnswer(status: number, text: string, sample: SampleCall, plan: Pick<LoadPlan, 'versions' | 'tolerance'>): Judged {
  if (status !== 200) return wrong(`HTTP ${status}: ${text.slice(0, 300)}`);
  const answer = parsed(text);
  const prediction = answer?.predictions[0];
  if (answer === undefined || prediction === undefined) return wrong(`not an answer: ${text.slice(0, 300)}`);
  const { version, probability, role } = prediction;
  // A pod answers for its own version, but for the rows that it has from the candidate.
  if (answer.model.version !== version && role !== 'candidate') return wrong(`row of ${version} in an answer of ${answer.model.version}`);
  const expected = sample.expected[plan.versions[version] ?? ''];
  if (expected === undefined) return wrong(`answered by ${version}, which may not answer now`);
  if (Math.abs(probability - expected) > plan.tolerance) return wrong(`${version} says ${probability}, it must say ${expected}`);
  return { right: true, version };
}

function wrong(error: string): Judged {
  return { right: false, error };
}

function parsed(text: string): PredictResponse | undefined {
  return PredictResponse.safeParse(jsonOrUndefined(text)).data;
}
