import { VERSIONS } from '../manifest.ts';
import { cardOf, referenceProbabilities, telcoCustomers } from './customers.ts';
import type { SampleCall } from './protocol.ts';

/** Customers on whom the two good versions differ by more than this: each answer then tells which of them it came from. */
const CLEAR_DIFFERENCE = 0.1;
/** How far an answer may be from scikit-learn's (DESIGN section 5, Parity). */
export const TOLERANCE = 0.02;

/** One-row calls with what each good version must answer, under the keys `decent` and `better`. */
export async function twoVersionSamples(count: number, signal: AbortSignal): Promise<readonly SampleCall[]> {
  const [decent, better] = [await referenceProbabilities(VERSIONS.decent, signal), await referenceProbabilities(VERSIONS.better, signal)];
  const customers = await telcoCustomers(await cardOf(VERSIONS.decent));
  const samples = customers.flatMap(({ id, instance }) => {
    const expected = { decent: decent.get(id) ?? Number.NaN, better: better.get(id) ?? Number.NaN };
    return Math.abs(expected.decent - expected.better) > CLEAR_DIFFERENCE ? [{ body: JSON.stringify({ instances: [instance] }), expected }] : [];
  });
  if (samples.length < count) throw new Error(`the two versions differ clearly on ${samples.length} customers only, ${count} are needed`);
  return samples.slice(0, count);
}
