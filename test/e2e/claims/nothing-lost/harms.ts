import { LABELS } from '../../../../contracts/names.ts';
import { sleep, systemClock } from '../../../../operator/runtime/clock.ts';
import { isReady, podsOf, type StableSide } from '../../beside-stable.ts';
import { SYSTEM_NAMESPACE, type ClaimContext } from '../../context.ts';
import { killContainer, processOf, type ContainerRef } from '../../faults.ts';
import { PODS } from '../../kinds.ts';

const BACK_WITHIN_MS = 180_000;
const SLOW_MS = 15_000;
/** Turns of a store that is slow: it runs a twentieth of the time. */
const TURNS = { stopMs: 190, runMs: 10 } as const;
const AWAY_MS = 10_000;

/** What is done, and when a process died by it that had no time to ship. */
export type Harm = Readonly<{ name: string; run: (context: ClaimContext, sides: StableSide) => Promise<readonly number[]> }>;

const servingKilled: Harm = {
  name: 'serving processes killed -9',
  run: async (context, { model, stable }) => {
    const { kube, namespace, signal, form } = context;
    const pods = await podsOf(context, model, stable);
    const deaths: number[] = [];
    for (const { metadata } of form === 'full' ? pods : pods.slice(0, 1)) {
      await killContainer({ namespace, pod: metadata.name, container: 'serve' }, signal);
      deaths.push(Date.now());
      await kube.until(PODS, metadata.name, { what: `${metadata.name} is back`, deadlineMs: BACK_WITHIN_MS }, (pod) => isReady(pod) && pod.status.containerStatuses.some(({ name, restartCount }) => name === 'serve' && restartCount > 0));
    }
    return deaths;
  },
};

const podDeleted: Harm = {
  name: 'a pod deleted',
  run: async (context, { model, stable }) => {
    const { kube } = context;
    const [pod] = await podsOf(context, model, stable);
    if (pod === undefined) throw new Error('there is no pod to delete');
    await kube.delete(PODS, pod.metadata.name);
    await kube.untilAny({ what: 'another one is ready in its place', deadlineMs: BACK_WITHIN_MS }, async () => podsOf(context, model, stable), (pods) => pods.length > 1 && pods.every((each) => isReady(each) && each.metadata.name !== pod.metadata.name));
    return [];
  },
};

async function storeContainer({ kube }: ClaimContext): Promise<ContainerRef> {
  const [pod] = (await kube.list(PODS, { namespace: SYSTEM_NAMESPACE, labelSelector: `${LABELS.component}=s3` })).filter(isReady);
  const container = pod?.status.containerStatuses[0]?.name;
  if (pod === undefined || container === undefined) throw new Error('the chart\'s store does not run');
  return { namespace: SYSTEM_NAMESPACE, pod: pod.metadata.name, container };
}

async function storeIsBack(context: ClaimContext): Promise<void> {
  await context.kube.untilAny({ what: 'the store answers again', deadlineMs: BACK_WITHIN_MS, everyMs: 500 }, async () => context.store.list(`${context.prefix}/models/`).then((files) => files.length, () => 0), (count) => count > 0);
}

const storeKilled: Harm = {
  name: 'the store killed -9, twice',
  run: async (context) => {
    for (let turn = 0; turn < 2; turn += 1) {
      await killContainer(await storeContainer(context), context.signal);
      await storeIsBack(context);
      // It says that it is ready later than it answers.
      await context.kube.untilAny({ what: 'the store is ready again', deadlineMs: BACK_WITHIN_MS }, async () => storeContainer(context).then(() => true, () => false), (ready) => ready);
    }
    return [];
  },
};

const storeAway: Harm = {
  name: `the store stopped for ${AWAY_MS / 1000} s`,
  run: async (context) => {
    const pid = await processOf(await storeContainer(context), context.signal);
    process.kill(pid, 'SIGSTOP');
    try {
      await sleep(systemClock, AWAY_MS, context.signal);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await storeIsBack(context);
    return [];
  },
};

const storeSlow: Harm = {
  name: `the store slow for ${SLOW_MS / 1000} s`,
  run: async (context) => {
    const pid = await processOf(await storeContainer(context), context.signal);
    const endMs = Date.now() + SLOW_MS;
    try {
      while (Date.now() < endMs) {
        process.kill(pid, 'SIGSTOP');
        await sleep(systemClock, TURNS.stopMs, context.signal);
        process.kill(pid, 'SIGCONT');
        await sleep(systemClock, TURNS.runMs, context.signal);
      }
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await storeIsBack(context);
    return [];
  },
};

/** What happens while rows are scored and labels come. In short form claims beside this one need the store. */
export const HARMS: Readonly<Record<ClaimContext['form'], readonly Harm[]>> = {
  full: [servingKilled, podDeleted, storeKilled, storeAway, storeSlow, servingKilled],
  short: [servingKilled],
};
