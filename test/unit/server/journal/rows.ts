import type { ObservedPrediction } from '../../../../server/prediction/observed-prediction.ts';

export const AT_MS = Date.parse('2026-11-21T07:00:00.123Z');
export const HASH = 'a'.repeat(64);

/** A row as a pod scores it while no rollout runs. */
export const plainRow: ObservedPrediction = {
  predictionId: 'tiny-churn.AZrX3kQ1c0mKq7b2vN0xAZrX3kQ1c0mKq7b2',
  requestId: 'request-1',
  entity: '7590-VHVEG',
  atMs: AT_MS,
  features: { customerID: '7590-VHVEG', tenure: 3, MonthlyCharges: 70.5, Contract: 'Month-to-month' },
  own: { version: 'v1', hash: HASH, probability: 0.71, decision: true },
  candidate: { scored: false, absence: 'NoRollout' },
  answered: { role: 'stable', decision: true, arm: undefined },
};

/** Lines of one row each, as a fake writer makes them. */
export function line(id: string): string {
  return `{"id":"${id}"}\n`;
}

/** The ids of such lines. @throws SyntaxError for a line that is not whole */
export function idsOf(lines: Uint8Array): readonly string[] {
  return Buffer.from(lines)
    .toString('utf8')
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => String(JSON.parse(text).id));
}
