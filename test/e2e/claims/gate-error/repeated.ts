import { lookDue, type EarlierLook } from '../../../../statistics/look.ts';
import type { PairedScores } from '../../../../statistics/sample.ts';
import type { RandomStream } from '../../random-stream.ts';
import { Endings, separation, type Ending } from './rollout.ts';
import type { Scenario } from './scenario.ts';

/** How the same scores may be counted, all in mode Anytime. `Scores`, which is wrong, only where it is asked for: it takes long. */
export type RepeatedEndings = Readonly<{ CustomersWhenDue: Ending; CustomersAtEveryLook: Ending; Scores: Ending | undefined }>;

/** Counting scores is wrong at every tenth look already. */
const SCORES_EVERY = 10;

/**
 * One rollout in which every customer is scored again and again, in random order; its label stays, and so does most of its score.
 * `CustomersWhenDue` is what we do: one pair a customer, the latest, and a look only when there are 2 % more customers.
 */
export function simulateRepeated(scenario: Scenario, random: RandomStream, withScores: boolean): RepeatedEndings {
  const { entities, scorings, persistence } = scenario.population ?? { entities: 0, scorings: 0, persistence: 0 };
  const customers = drawCustomers(scenario, entities, persistence, random);
  const order = shuffled(entities, scorings, random);
  const latest = new Float64Array(entities).fill(Number.NaN);
  const all = { positive: new Uint8Array(order.length), candidate: new Float64Array(order.length) };
  const endings = { whenDue: new Endings(), atEveryLook: new Endings(), scores: new Endings() };
  let last: EarlierLook | undefined;
  for (const [index, customer] of order.entries()) {
    const score = (customers.lasting[customer] ?? Number.NaN) + Math.sqrt(1 - persistence) * random.normal();
    latest[customer] = score;
    all.positive[index] = customers.positive[customer] ?? 0;
    all.candidate[index] = score;
    const scored = index + 1;
    if (scored % scenario.labelsPerLook !== 0) continue;
    const pairs = onePairEach(customers.positive, latest);
    const rows = pairs.positive.length;
    endings.atEveryLook.look(pairs, false);
    if (lookDue({ mode: 'Anytime', rows, last }).due) {
      endings.whenDue.look(pairs, false);
      last = { rows, reason: 'AUCNotProven' };
    }
    if (withScores && (scored / scenario.labelsPerLook) % SCORES_EVERY === 0) {
      const candidate = all.candidate.subarray(0, scored);
      endings.scores.look({ positive: all.positive.subarray(0, scored), stable: candidate, candidate }, false);
    }
  }
  return { CustomersWhenDue: endings.whenDue.all.Anytime, CustomersAtEveryLook: endings.atEveryLook.all.Anytime, Scores: withScores ? endings.scores.all.Anytime : undefined };
}

/** Labels, and the part of each score that stays with the customer. */
function drawCustomers({ auc, prevalence }: Scenario, entities: number, persistence: number, random: RandomStream) {
  const positive = Uint8Array.from({ length: entities }, () => (random.uniform() < prevalence ? 1 : 0));
  const lasting = Float64Array.from(positive, (label) => separation(auc) * label + Math.sqrt(persistence) * random.normal());
  return { positive, lasting };
}

/** Every customer so many times, in random order (Fisher & Yates). */
function shuffled(entities: number, scorings: number, random: RandomStream): Uint32Array {
  const order = Uint32Array.from({ length: entities * scorings }, (_, index) => index % entities);
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = random.below(last + 1);
    const swapped = order[last] ?? 0;
    order[last] = order[other] ?? 0;
    order[other] = swapped;
  }
  return order;
}

/** The latest score of each customer that has one. */
function onePairEach(positive: Uint8Array, latest: Float64Array): PairedScores {
  const candidate = latest.filter((score) => !Number.isNaN(score));
  return { positive: positive.filter((_, customer) => !Number.isNaN(latest[customer])), stable: candidate, candidate };
}
