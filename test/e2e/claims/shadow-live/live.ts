import { sleep, systemClock } from '../../../../operator/runtime/clock.ts';
import { layoutOf, podsOf, untilFollowed, type Sides } from '../../beside-stable.ts';
import type { ClaimContext } from '../../context.ts';
import { readPredictions } from '../../feedback/journal-reader.ts';
import { outcomeFile, type LabelPlan } from '../../feedback/label-plan.ts';
import { sendLabels } from '../../feedback/send-labels.ts';
import { feedbackToken } from '../../feedback/token.ts';
import { PODS } from '../../kinds.ts';
import type { Customer } from '../../load/customers.ts';
import { RowPacer } from '../../load/pace-rows.ts';
import { predictRows, type Scored } from '../../load/predict-rows.ts';
import { storeObjects } from '../../store-objects.ts';

const KEPT_CONNECTIONS = 20;
const WARM_ROWS = 20;
const MIRRORS_WITHIN_MS = 60_000;
const LABELS_PER_CALL = 200;
/** A minute until pods ship, and some. */
const SHIPPED_WITHIN_MS = 150_000;

/** Rows at a fixed rate, all answered. The first ones are sent before, until every stable pod has had a score from the candidate: DNS knows new pods late. */
export async function scoreLive(context: ClaimContext, sides: Sides, input: Readonly<{ url: string; customers: readonly Customer[]; ratePerSecond: number }>): Promise<readonly Scored[]> {
  const { url, customers, ratePerSecond } = input;
  const warm: Scored[] = [];
  await context.kube.untilAny({ what: 'every stable pod mirrors', deadlineMs: MIRRORS_WITHIN_MS, everyMs: 500 }, async () => {
    const { scored } = await predictRows({ url, customers: customers.slice(0, WARM_ROWS), rowsPerCall: 1, atOnce: 2, connection: 'Fresh' });
    warm.push(...scored);
    return (await untilFollowed(context, sides, { mode: 'Shadow' })).map(({ traffic }) => traffic.sides.candidate);
  }, (seen) => seen.every((candidate) => candidate !== undefined && candidate.requests > candidate.errors));
  const pacer = new RowPacer({ url, customers, ratePerSecond, keptConnections: KEPT_CONNECTIONS });
  await pacer.allSent;
  await pacer.stop();
  context.check('every call is answered', pacer.failures.length === 0, pacer.failures.length === 0 ? `${pacer.scored.length} rows at ${ratePerSecond} a second` : `${pacer.failures.length} failed: ${pacer.failures[0]?.error}`);
  return [...warm, ...pacer.scored];
}

/** Tells of all customers as planned; the late ones once every prediction is matured. */
export async function tell(context: ClaimContext, sides: Sides, input: Readonly<{ url: string; plan: LabelPlan; maturedMs: number }>): Promise<void> {
  const { store, signal, progress } = context;
  const { url, plan, maturedMs } = input;
  const address = { url, token: await feedbackToken(context, sides.model), signal };
  progress(`${plan.early.length + plan.again.length} labels by :feedback, ${plan.file.length} in a file, ${plan.late.length} once all is matured`);
  await store.put(`${layoutOf(context, sides.model).outcomes}/week-47.csv`, outcomeFile(plan.file));
  await sendLabels(address, [...plan.early, ...plan.again], LABELS_PER_CALL);
  await sleep(systemClock, Math.max(0, maturedMs - Date.now()), signal);
  await sendLabels(address, plan.late, LABELS_PER_CALL);
}

/** Waits until the store has every prediction. In short form stable's pods are replaced, which ships at once what they have. */
export async function untilShipped(context: ClaimContext, sides: Sides, scored: readonly Scored[]): Promise<void> {
  const { kube, form, store } = context;
  if (form === 'short') for (const { metadata } of await podsOf(context, sides.model, sides.stable)) await kube.delete(PODS, metadata.name);
  const prefix = layoutOf(context, sides.model).predictions;
  await kube.untilAny({ what: 'the store has every prediction', deadlineMs: SHIPPED_WITHIN_MS, everyMs: 1000 }, async () => {
    const { records } = await readPredictions(storeObjects(store), prefix);
    const there = new Set(records.map(({ id }) => id));
    return scored.filter(({ prediction }) => !there.has(prediction.id)).length;
  }, (missing) => missing === 0);
}
