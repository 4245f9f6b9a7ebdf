import type { PredictionRecord } from '../../../contracts/journal.ts';
import type { Scored } from '../load/predict-rows.ts';
import { predictionsOf, type LabelPlan } from './label-plan.ts';

/** One customer as it must be in a gate: what became of it, and what both versions said of its latest row. */
export type ExpectedPair = Readonly<{ customer: string; positive: boolean; stable: number; candidate: number }>;

/** Pairs, and what is not as it was sent. */
export type ExpectedPairs = Readonly<{ pairs: readonly ExpectedPair[]; problems: readonly string[]; withoutCandidate: number }>;

/**
 * The pairs that follow from what was sent, answered and told: nothing here asks an evaluation. The candidate's score is the journal's, as its caller never
 * saw it; `candidateReference` is what scikit-learn says, and `tolerance` how far they may be apart.
 */
export function expectedPairs(input: Readonly<{ scored: readonly Scored[]; plan: LabelPlan; journal: readonly PredictionRecord[]; candidateReference: ReadonlyMap<string, number>; tolerance: number }>): ExpectedPairs {
  const { scored, plan, journal, candidateReference, tolerance } = input;
  const byId = new Map(journal.map((record) => [record.id, record]));
  const problems: string[] = [];
  const missing = scored.filter(({ prediction }) => !byId.has(prediction.id));
  if (missing.length > 0) problems.push(`${missing.length} of ${scored.length} predictions are not in the journal, such as ${missing[0]?.prediction.id}`);
  const pairs: ExpectedPair[] = [];
  let withoutCandidate = 0;
  for (const [customer, all] of predictionsOf(scored)) {
    // The latest that both versions scored.
    const latest = scored.findLast((each) => each.customer.id === customer && candidateScore(byId.get(each.prediction.id)) !== undefined);
    if (latest === undefined || latest !== all.latest) withoutCandidate += 1;
    const record = byId.get(latest?.prediction.id ?? '');
    const candidate = candidateScore(record);
    if (latest === undefined || record === undefined || candidate === undefined) continue;
    if (record.probability !== latest.prediction.probability || record.entity !== customer) problems.push(`${record.id}: journal says ${record.probability} of ${record.entity}, the caller was told ${latest.prediction.probability} of ${customer}`);
    const reference = candidateReference.get(customer) ?? Number.NaN;
    if (!(Math.abs(candidate - reference) <= tolerance)) problems.push(`${record.id}: the candidate says ${candidate}, scikit-learn ${reference}`);
    pairs.push({ customer, positive: plan.expected.get(customer) === true, stable: record.probability, candidate });
  }
  return { pairs, problems, withoutCandidate };
}

function candidateScore(record: PredictionRecord | undefined): number | undefined {
  return record?.candidate !== undefined && 'probability' in record.candidate ? record.candidate.probability : undefined;
}
