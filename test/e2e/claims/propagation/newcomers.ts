import { LABELS, PORTS } from '../../../../contracts/names.ts';
import { sleep, systemClock } from '../../../../operator/runtime/clock.ts';
import { giveWeight, isReady, podsOf, policyOn, trafficOf, untilFollowed, type Sides } from '../../beside-stable.ts';
import { SYSTEM_NAMESPACE, type ClaimContext } from '../../context.ts';
import { DEPLOYMENTS, MODELS, PODS } from '../../kinds.ts';
import { cardOf, telcoCustomers } from '../../load/customers.ts';
import { predictRows } from '../../load/predict-rows.ts';
import { VERSIONS } from '../../manifest.ts';
import { conditionOf } from '../../serving.ts';

const BORN_WITHIN_MS = 180_000;
const TOLD_WITHIN_MS = 150_000;
const ROWS = 200;
/** Without an operator pods are looked at for so long: several rounds of the kubelet. */
const LEFT_ALONE_MS = 15_000;
const OPERATOR = { namespace: SYSTEM_NAMESPACE, name: 'churnops-operator' } as const;

/** Pods that are born while a decision spreads follow it in the end, and never go back to an older one. */
export async function bornMeanwhile(context: ClaimContext, sides: Sides, input: Readonly<{ from: number; to: number; weight: number }>): Promise<void> {
  const { kube, check, signal, controlUrl } = context;
  const { model, stable } = sides;
  const old = new Set((await podsOf(context, model, stable)).map(({ metadata }) => metadata.name));
  await kube.patch(MODELS, model, { spec: { serving: { replicas: input.to } } });
  const isNew = ({ metadata }: Readonly<{ metadata: Readonly<{ name: string }> }>): boolean => !old.has(metadata.name);
  await kube.untilAny({ what: 'pods are being born', deadlineMs: BORN_WITHIN_MS, everyMs: 50 }, async () => (await podsOf(context, model, stable)).filter(isNew), (born) => born.length === input.to - input.from);
  await giveWeight(context, sides, input.weight);
  // Every revision that a newcomer was ever seen to follow, in the order in which it was; 0: none.
  const seen = new Map<string, Set<number>>();
  const all = await kube.untilAny({ what: `${input.to} pods are ready`, deadlineMs: BORN_WITHIN_MS, everyMs: 100 }, async () => {
    const pods = await podsOf(context, model, stable);
    for (const { metadata, status } of pods.filter(isNew)) {
      if (!status.containerStatuses.some(({ name, state }) => name === 'serve' && state.running !== undefined)) continue;
      const traffic = await trafficOf(await controlUrl(metadata.name), signal);
      if (traffic !== undefined) seen.set(metadata.name, (seen.get(metadata.name) ?? new Set()).add(traffic.revision));
    }
    return pods;
  }, (pods) => pods.length === input.to && pods.every(isReady));
  const following = await untilFollowed(context, sides, { mode: 'Canary', percent: input.weight });
  const newest = following[0]?.policy.revision;
  const backwards = [...seen.values()].filter((revisions) => [...revisions].some((revision, index, all) => revision < (all[index - 1] ?? 0)));
  check('pods that are born during a change follow it, and none goes back to an older one', following.length === all.length && all.length === input.to && backwards.length === 0, `${following.length} of ${input.to} pods, ${input.to - input.from} of them new, follow ${newest}; seen of the new ones: ${[...seen.values()].map((revisions) => [...revisions].join(' then ')).join('; ') || 'nothing before'}`);
  const told = await kube.until(MODELS, model, { what: 'the status says that the policy is spread', deadlineMs: TOLD_WITHIN_MS }, (seenModel) => conditionOf(seenModel, 'PolicySpread')?.status === 'True');
  check('the status says that all follow', true, `PolicySpread: ${conditionOf(told, 'PolicySpread')?.message}`);
}

/** Without an operator pods go on as they were told, and new ones serve stable only. */
export async function withoutOperator(context: ClaimContext, sides: Sides): Promise<void> {
  const { kube, check, progress, signal } = context;
  const { model, stable } = sides;
  const before = await untilFollowed(context, sides, { mode: 'Canary' });
  const { spec } = await kube.get(DEPLOYMENTS, OPERATOR);
  progress('no operator');
  await scaleOperator(context, 0, signal);
  try {
    await kube.untilAny({ what: 'no operator is left', deadlineMs: BORN_WITHIN_MS }, async () => kube.list(PODS, { namespace: SYSTEM_NAMESPACE, labelSelector: `${LABELS.component}=operator` }), (left) => left.length === 0);
    const [victim] = before;
    if (victim === undefined) throw new Error('there is no pod to delete');
    await kube.delete(PODS, victim.pod);
    const known = new Set(before.map(({ pod }) => pod));
    const pods = await kube.untilAny({ what: 'another pod is there in its place', deadlineMs: BORN_WITHIN_MS }, async () => podsOf(context, model, stable), (all) => all.length === before.length && all.every(isReady) && all.some(({ metadata }) => !known.has(metadata.name)));
    await sleep(systemClock, LEFT_ALONE_MS, signal);
    const revisionOf = async (name: string): Promise<number | undefined> => (await trafficOf(await context.controlUrl(name), signal))?.revision;
    const olds = before.filter(({ pod }) => pod !== victim.pod);
    const kept = await Promise.all(olds.map(async ({ pod, traffic }) => (await revisionOf(pod)) === traffic.revision));
    check('without an operator pods keep the policy', kept.every(Boolean) && kept.length > 0, `${kept.filter(Boolean).length} of ${kept.length} pods follow what they followed, ${LEFT_ALONE_MS / 1000} s later`);
    const newcomer = pods.find(({ metadata }) => !known.has(metadata.name));
    if (newcomer === undefined) throw new Error('a new pod was seen');
    await servesStableOnly(context, sides, newcomer.metadata.name, policyOn(newcomer) === undefined, await revisionOf(newcomer.metadata.name));
  } finally {
    await scaleOperator(context, spec.replicas, AbortSignal.timeout(30_000));
  }
  progress('and an operator again');
  const after = await untilFollowed(context, sides, { mode: 'Canary' });
  check('once there is an operator again, all follow', after.length === before.length, `${after.length} pods follow ${after[0]?.policy.revision}`);
}

async function servesStableOnly(context: ClaimContext, { model }: Sides, pod: string, bearsNone: boolean, revision: number | undefined): Promise<void> {
  const customers = (await telcoCustomers(await cardOf(VERSIONS.decent))).slice(0, ROWS);
  const url = `${(await context.controlUrl(pod)).replace(`:${PORTS.control}`, `:${PORTS.http}`)}/v1/models/${model}:predict`;
  const { scored, failures } = await predictRows({ url, customers, rowsPerCall: 20, atOnce: 2, connection: 'Kept' });
  const others = scored.filter(({ prediction }) => prediction.role !== 'stable' || prediction.version !== VERSIONS.decent);
  context.check('without an operator a new pod serves stable only', bearsNone && revision === 0 && others.length === 0 && failures.length === 0 && scored.length === ROWS, `${scored.length} rows, ${others.length} of them not by stable, ${failures.length} calls failed; it follows policy ${revision}`);
}

async function scaleOperator({ kube }: ClaimContext, replicas: number, signal: AbortSignal): Promise<void> {
  await kube.client.patchScale(DEPLOYMENTS, OPERATOR, replicas, {}, signal);
}
