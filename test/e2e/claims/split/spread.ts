import { HEADERS } from '../../../../contracts/names.ts';
import { giveWeight, trafficOf, untilFollowed, type Sides } from '../../beside-stable.ts';
import type { ClaimContext } from '../../context.ts';
import type { Customer } from '../../load/customers.ts';
import { predictRows, type Scored } from '../../load/predict-rows.ts';
import { TOLERANCE } from '../../load/samples.ts';
import { VERSIONS } from '../../manifest.ts';
import { binomialChance, isOnCandidateSide } from './shares.ts';

/** scikit-learn's probabilities by customer, of both versions. */
export type References = Readonly<{ stable: ReadonlyMap<string, number>; candidate: ReadonlyMap<string, number> }>;

/** Who was answered by whom in a step. */
export type StepSeen = Readonly<{ weight: number; rows: number; onCandidateSide: ReadonlySet<string>; fallbacks: number; counted: number; chance: number; problems: readonly string[]; movedRows: number; failures: readonly string[] }>;

const ROWS_PER_CALL = 32;
const AT_ONCE = 4;
/** A share as far off as this by chance: once in a thousand. Customers and hash are always the same, so that it is not drawn anew each time. */
export const LEAST_CHANCE = 0.001;

/**
 * Gives a weight and asks for every customer twice: in calls of many rows over kept connections, and again in calls of other rows over a connection
 * each, so that other pods answer.
 */
export async function seeStep(context: ClaimContext, sides: Sides, input: Readonly<{ weight: number; step: number; customers: readonly Customer[]; references: References; url: string }>): Promise<StepSeen> {
  const { weight, step, customers, references, url } = input;
  await giveWeight(context, sides, weight, step);
  const following = await untilFollowed(context, sides, { mode: 'Canary', percent: weight });
  const first = await predictRows({ url, customers, rowsPerCall: ROWS_PER_CALL, atOnce: AT_ONCE, connection: 'Kept' });
  const second = await predictRows({ url, customers: customers.toReversed(), rowsPerCall: ROWS_PER_CALL - 1, atOnce: AT_ONCE, connection: 'Fresh' });
  const all = [...first.scored, ...second.scored];
  const [onFirst, onSecond] = [onCandidateSide(first.scored), onCandidateSide(second.scored)];
  return {
    weight,
    rows: all.length,
    onCandidateSide: onFirst,
    fallbacks: all.filter(({ prediction }) => prediction.role === 'fallback').length,
    counted: await fallbacksCounted(context, following.map(({ pod }) => pod)),
    chance: binomialChance({ trials: customers.length, probability: weight / 100, count: onFirst.size }),
    problems: all.flatMap((each) => problemOf(each, { sides, weight, references }) ?? []),
    movedRows: customers.filter(({ id }) => onFirst.has(id) !== onSecond.has(id)).length,
    failures: [...first.failures, ...second.failures],
  };
}

function onCandidateSide(scored: readonly Scored[]): ReadonlySet<string> {
  return new Set(scored.filter(({ prediction }) => prediction.role !== 'stable').map(({ customer }) => customer.id));
}

/** What is wrong with an answer; undefined: nothing. */
function problemOf({ customer, prediction }: Scored, { sides, weight, references }: Readonly<{ sides: Sides; weight: number; references: References }>): string | undefined {
  const { role, version, probability } = prediction;
  const expected = isOnCandidateSide(sides.candidate, weight, customer.id);
  if ((role !== 'stable') !== expected) return `${customer.id} is on the ${expected ? 'candidate' : 'stable'} side and was answered as ${role}`;
  const wanted = role === 'candidate' ? VERSIONS.better : VERSIONS.decent;
  if (version !== wanted) return `${customer.id}: ${role} by ${version}`;
  const reference = (role === 'candidate' ? references.candidate : references.stable).get(customer.id);
  return reference !== undefined && Math.abs(reference - probability) <= TOLERANCE ? undefined : `${customer.id}: ${version} says ${probability}, scikit-learn ${reference}`;
}

async function fallbacksCounted({ signal, controlUrl }: ClaimContext, pods: readonly string[]): Promise<number> {
  const states = await Promise.all(pods.map(async (pod) => trafficOf(await controlUrl(pod), signal)));
  return states.reduce((sum, state) => sum + (state?.sides.candidate?.fallbacks ?? Number.NaN), 0);
}

/** Checks of one step, and how it stands to the one before. */
export function judgeStep({ check }: ClaimContext, seen: StepSeen, before: StepSeen | undefined): void {
  const { weight, rows, onCandidateSide, chance, problems, movedRows, fallbacks, counted, failures } = seen;
  const customers = rows / 2;
  check(`${weight} %: no call fails`, failures.length === 0, failures.length === 0 ? `${rows} rows` : `${failures.length}: ${failures[0]}`);
  check(`${weight} %: each customer is answered by the side that its hash tells, with that version's score`, problems.length === 0, problems.length === 0 ? `${rows} rows, as sha256 of hash and customer has it` : `${problems.length}: ${problems.slice(0, 3).join('; ')}`);
  check(`${weight} %: the share is within binomial bounds`, chance >= LEAST_CHANCE, `${onCandidateSide.size} of ${customers} customers, ${((100 * onCandidateSide.size) / customers).toFixed(2)} %; as far off by chance: ${chance.toFixed(3)}`);
  check(`${weight} %: the same customer is on the same side again`, movedRows === 0, `${movedRows} of ${customers} on another side, in other calls over other connections`);
  check(`${weight} %: fallbacks are told apart, and counted by the pods`, fallbacks === counted, `${fallbacks} rows answered as ${HEADERS.role}: fallback, ${counted} counted`);
  if (before === undefined) return;
  const lost = [...before.onCandidateSide].filter((customer) => !onCandidateSide.has(customer));
  check(`${before.weight} % lies within ${weight} %`, lost.length === 0, lost.length === 0 ? `${before.onCandidateSide.size} customers stay on the candidate's side` : `${lost.length} went back, such as ${lost[0]}`);
}
