import { sleep, systemClock } from '../../../../operator/runtime/clock.ts';
import { giveWeight, isReady, podsOf, policyOn, trafficOf, type Sides } from '../../beside-stable.ts';
import type { ClaimContext } from '../../context.ts';

/** How long a decision took; milliseconds from the write of the status. */
export type Spread = Readonly<{ weight: number; writtenMs: number; followedMs: number }>;

const WITHIN_MS = 60_000;
/** A list of pods costs the API server some milliseconds, a look at a pod's own counters nothing. */
const LIST_EVERY_MS = 50;
const LOOK_EVERY_MS = 20;

/** Gives a weight, and waits until every pod bears its policy, and until every pod follows it. */
export async function spread(context: ClaimContext, sides: Sides, weight: number): Promise<Spread> {
  const pods = (await podsOf(context, sides.model, sides.stable)).filter(isReady);
  const before = Math.max(0, ...pods.map((pod) => policyOn(pod)?.revision ?? 0));
  const urls = await Promise.all(pods.map(async ({ metadata }) => context.controlUrl(metadata.name)));
  const startMs = Date.now();
  await giveWeight(context, sides, weight);
  const [writtenMs, ...followedMs] = await Promise.all([
    untilWritten(context, sides, pods.map(({ metadata }) => metadata.name), weight, startMs),
    ...urls.map(async (url) => untilFollows(context, url, before, startMs)),
  ]);
  return { weight, writtenMs: writtenMs - startMs, followedMs: Math.max(...followedMs) - startMs };
}

async function untilWritten(context: ClaimContext, { model, stable }: Sides, names: readonly string[], weight: number, startMs: number): Promise<number> {
  for (;;) {
    const pods = await podsOf(context, model, stable);
    const nowMs = Date.now();
    if (names.every((name) => pods.some((pod) => pod.metadata.name === name && policyOn(pod)?.percent === weight && policyOn(pod)?.mode === 'Canary'))) return nowMs;
    if (nowMs > startMs + WITHIN_MS) throw new Error(`${weight} %: not on all pods within ${WITHIN_MS / 1000} s`);
    await sleep(systemClock, LIST_EVERY_MS, context.signal);
  }
}

/** A newer revision than before: there is one a decision. */
async function untilFollows({ signal }: ClaimContext, url: string, before: number, startMs: number): Promise<number> {
  for (;;) {
    const traffic = await trafficOf(url, signal);
    const nowMs = Date.now();
    if (traffic !== undefined && traffic.revision > before) return nowMs;
    if (nowMs > startMs + WITHIN_MS) throw new Error(`${url} follows ${traffic?.revision ?? 'nothing'} after ${WITHIN_MS / 1000} s: ${traffic?.refused ?? ''}`);
    await sleep(systemClock, LOOK_EVERY_MS, signal);
  }
}
