import * as fc from 'fast-check';
import type { JoinRules } from '../../server/evaluation/feedback-join/pairing.ts';
import type { JoinableLabel, JoinablePrediction } from './feedback-join.ts';

export const STABLE = 'a'.repeat(64);
export const CANDIDATE = 'b'.repeat(64);
const HOUR = 3_600_000;

/** A pair of a customer `ada`, made at hour 100. */
export function predictionOf(given: Partial<JoinablePrediction>): JoinablePrediction {
  return { id: 'p', entity: 'ada', atMs: 100 * HOUR, hash: STABLE, stable: 0.4, candidate: { hash: CANDIDATE, probability: 0.6 }, decision: true, arm: undefined, ...given };
}

/** An id as a pod gives it out: its first 8 characters after the dot are 48 bits of epoch milliseconds. */
export function idAt(atMs: number, at: number): string {
  const time = Buffer.alloc(6);
  time.writeUIntBE(atMs, 0, 6);
  return `m.${time.toString('base64url')}${String(at).padStart(28, '0')}`;
}

const ENTITIES = ['ada', 'grace', 'Ünï "quoted"\n', 'm.x', "o'hara"] as const;
/** Few instants, so that they coincide. */
const instants = fc.integer({ min: 0, max: 12 }).map((tick) => 1_795_000_000_000 + tick * 10);
const entities = fc.constantFrom(...ENTITIES);

/** Predictions and labels that meet often: few customers, few instants, ids that are known and ids that are not. */
export const worlds: fc.Arbitrary<Readonly<{ predictions: readonly JoinablePrediction[]; labels: readonly JoinableLabel[]; rules: JoinRules }>> = fc
  .array(
    fc.record({
      entity: fc.option(entities, { nil: null, freq: 8 }),
      atMs: instants,
      hash: fc.constantFrom(STABLE, STABLE, 'c'.repeat(64)),
      stable: fc.double({ min: 0, max: 1, noNaN: true }),
      candidate: fc.option(fc.record({ hash: fc.constantFrom(CANDIDATE, CANDIDATE, 'd'.repeat(64)), probability: fc.double({ min: 0, max: 1, noNaN: true }) }), { nil: undefined }),
      decision: fc.constantFrom(true, false, null),
      arm: fc.constantFrom('control' as const, 'treatment' as const, undefined),
    }),
    { maxLength: 12 },
  )
  .map((rows) => rows.map((row, at): JoinablePrediction => ({ id: idAt(row.atMs, at), ...row })))
  .chain((predictions) => {
    const ids = predictions.map(({ id, atMs }) => ({ id, predictedMs: atMs }));
    const lost = instants.map((predictedMs) => ({ id: idAt(predictedMs, 99), predictedMs }));
    const named = ids.length === 0 ? lost : fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...ids) }, { weight: 1, arbitrary: lost });
    const subject = fc.oneof(named, fc.record({ entity: entities }), fc.tuple(named, entities).map(([id, entity]) => ({ ...id, entity })));
    const labels = fc.array(
      fc.tuple(subject, fc.boolean(), instants, instants).map(([about, positive, observedMs, receivedMs]): JoinableLabel => ({ ...about, positive, observedMs, receivedMs })),
      { maxLength: 12 },
    );
    const rules = fc.record({
      candidateHash: fc.constantFrom(CANDIDATE, CANDIDATE, undefined),
      stableHash: fc.constantFrom(STABLE, undefined),
      fromMs: instants,
      nowMs: instants,
      horizonMs: fc.integer({ min: 0, max: 6 }).map((ticks) => ticks * 10),
      population: fc.constantFrom('All' as const, 'All' as const, 'Contacted' as const, 'Control' as const),
    });
    return fc.record({ predictions: fc.constant(predictions), labels, rules });
  });
