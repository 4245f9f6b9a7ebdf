import { sleep, systemClock } from '../../../operator/runtime/clock.ts';
import { inParallel } from '../../../platform/parallel/in-parallel.ts';
import { byRequest, isWrite, type AuditEntry } from '../audit-entry.ts';
import { AuditLog } from '../audit-log.ts';
import type { Check, ClaimOutcome } from '../claim.ts';
import type { ClaimContext, PlatformClaim } from '../context.ts';
import { minutes } from '../evidence.ts';
import { fakeNodes, ON_FAKE_NODES } from '../fake-nodes.ts';
import { MODELS } from '../kinds.ts';
import { quantile } from '../load/tally.ts';
import { churnModel } from '../manifest.ts';
import { isServing, untilServing } from '../serving.ts';
import { changeTimes } from './scale/change-times.ts';
import { changeOne, Churn } from './scale/churn.ts';
import { operatorMemory, resync, type Resync } from './scale/figures.ts';

const MODELS_COUNT = { full: 1000, short: 40 } as const;
const CREATED_AT_ONCE = 16;
const READY_WITHIN_MS = { full: 30 * 60_000, short: 60_000 } as const;
/**
 * Changes of the others; each rolls a Deployment, which costs Kubernetes some twenty writes. At 20 a second the API server of two cores was full
 * (p50 of a patch 160 ms), and it was what the one change waited for.
 */
const CHURN_PER_SECOND = { full: 5, short: 10 } as const;
const PROBES = { full: 20, short: 3 } as const;
/** Once there are enough probes, until every other model has changed: often enough to see, seldom enough not to be the load. */
const PROBE_EVERY_MS = 1000;
/** All of them take 50 s at the intended rate; who is slower fails the check of the rate. */
const CHURNED_WITHIN_MS = 300_000;
const SETTLED_WITHIN_MS = 60_000;
/** No two after each other are the same, so that each is a change. */
const PROBED_THRESHOLDS = Array.from({ length: 40 }, (_, index) => Number((0.51 + index / 100).toFixed(2)));
/** Of the intended rate: with fewer changes the others do not churn as the claim says. */
const CHURN_SHARE = 0.8;
const GONE_WITHIN_MS = 15 * 60_000;
const OPERATOR = 'system:serviceaccount:churnops:churnops-operator';

/** What issue 4 asks for at a thousand models; fewer must not need more. */
const MEMORY_MIB = 200;
const RESYNC_MS = 10_000;
const ONE_CHANGE_MS = 1000;
/** Of that many changes; the slowest tell of the control plane on two cores as much as of the operator. */
const ONE_CHANGE_SHARE = 0.95;
const SLOWEST_CHANGE_MS = 3000;

/** Many models cost little, and one of them does not wait for the others. */
export const scale: PlatformClaim = {
  name: 'scale',
  title: '1,000 ChurnModels: the operator stays within 200 MiB, looks at all of them in 10 s after a restart, and 19 of 20 changes of one reach its Deployment within 1 s while the other 999 churn, the last within 3 s.',
  run: async (context) => {
    const { form, progress, signal, kube } = context;
    await fakeNodes(signal);
    const names = Array.from({ length: MODELS_COUNT[form] }, (_, index) => `scaled-${index}`);
    const audit = await AuditLog.open(signal);
    const memoryBefore = await operatorMemory(context);
    const mark = await audit.mark();
    progress(`${names.length} models`);
    const startedMs = Date.now();
    await createAll(context, names);
    const createdMs = Date.now() - startedMs;
    await untilAllServe(context, names.length);
    const readyMs = Date.now() - startedMs;
    const requests = await audit.since(mark, (entry) => entry.user === OPERATOR || entry.user.startsWith('system:serviceaccount:kube-system:'));
    const memoryReady = await operatorMemory(context);
    progress(`all serve after ${minutes(readyMs)}; the operator begins anew`);
    const restarted = await resync(context, names.length, 300_000);
    progress('one changes while all others do');
    const changes = await changesOfOne(context, audit, names);
    const memoryAfter = await operatorMemory(context);
    progress('removing them');
    const removedMs = await removeAll(context);
    const figures: Figures = { models: names.length, createdMs, readyMs, requests, memory: { before: memoryBefore, ready: memoryReady, after: memoryAfter }, restarted, changes, removedMs };
    return outcome(context, figures, await kube.list(MODELS).then(({ length }) => length));
  },
};

type Memory = Awaited<ReturnType<typeof operatorMemory>>;
type Changes = Readonly<{ tookMs: readonly number[]; others: number; changed: number; seconds: number }>;
type Figures = Readonly<{
  models: number;
  createdMs: number;
  readyMs: number;
  requests: readonly AuditEntry[];
  memory: Readonly<{ before: Memory; ready: Memory; after: Memory }>;
  restarted: Resync;
  changes: Changes;
  removedMs: number;
}>;

async function createAll({ kube, progress }: ClaimContext, names: readonly string[]): Promise<void> {
  let created = 0;
  await inParallel(names, CREATED_AT_ONCE, async (name) => {
    await kube.apply(churnModel({ name, spec: { serving: { replicas: 1, decisionThreshold: 0.5, scheduling: ON_FAKE_NODES } } }));
    created += 1;
    if (created % 250 === 0 && created < names.length) progress(`${created} created`);
  });
}

async function untilAllServe({ kube, form, progress }: ClaimContext, count: number): Promise<void> {
  let told = 0;
  await kube.untilAny(
    { what: `${count} models serve`, deadlineMs: READY_WITHIN_MS[form], everyMs: form === 'full' ? 2000 : 300 },
    async () => (await kube.list(MODELS)).filter((model) => isServing(model)).length,
    (serving) => {
      if (serving - told >= 200) progress(`${(told = serving)} serve`);
      return serving === count;
    },
  );
}

async function changesOfOne({ kube, form, signal }: ClaimContext, audit: AuditLog, names: readonly string[]): Promise<Changes> {
  const [one = '', ...others] = names;
  const startedMs = Date.now();
  const churn = new Churn(kube, others, CHURN_PER_SECOND[form]);
  try {
    // Into the middle of it: as many changes as there are seconds' worth of them.
    await kube.untilAny({ what: 'the others churn', deadlineMs: 60_000 }, async () => churn.changes, (changes) => changes >= CHURN_PER_SECOND[form] * 2);
    const mark = await audit.mark();
    let probes = 0;
    // A change of a model that is at rest: one in the middle of its last roll would wait for itself.
    const probe = async (): Promise<void> => {
      await untilServing(kube, one, { deadlineMs: SETTLED_WITHIN_MS });
      await changeOne(kube, one, PROBED_THRESHOLDS[probes % PROBED_THRESHOLDS.length] ?? 0.51);
      probes += 1;
    };
    while (probes < PROBES[form]) await probe();
    const wanted = form === 'full' ? others.length : 0;
    while (churn.models < wanted && Date.now() - startedMs < CHURNED_WITHIN_MS) {
      await sleep(systemClock, PROBE_EVERY_MS, signal);
      await probe();
    }
    const tookMs = changeTimes(await audit.since(mark, () => true), { model: one, operator: OPERATOR });
    if (tookMs.length !== probes) throw new Error(`${one} was changed ${probes} times, the audit log knows of ${tookMs.length}`);
    return { tookMs, others: churn.changes, changed: churn.models, seconds: (Date.now() - startedMs) / 1000 };
  } finally {
    await churn.stop();
  }
}

/** Before the namespace goes: its end must not be waited for in the way that a small claim's is. */
async function removeAll({ kube }: ClaimContext): Promise<number> {
  const startedMs = Date.now();
  await kube.kubectl('delete', 'churnmodels', '--all', '--wait=false');
  await kube.untilAny({ what: 'every object of the models is gone', deadlineMs: GONE_WITHIN_MS, everyMs: 1000 }, async () => (await kube.kubectl('get', 'deployments,jobs,pods,services', '--output=name')).length, (left) => left === 0);
  return Date.now() - startedMs;
}

function outcome({ check, form }: ClaimContext, figures: Figures, left: number): ClaimOutcome {
  const { models, readyMs, createdMs, requests, memory, restarted, changes, removedMs } = figures;
  const ours = requests.filter(({ user }) => user === OPERATOR);
  const writes = ours.filter(isWrite);
  const refused = ours.filter(({ code }) => code >= 400);
  const sorted = changes.tookMs.toSorted((a, b) => a - b);
  const slowest = sorted.at(-1) ?? Number.NaN;
  const peakMiB = Math.max(memory.ready.peakMiB, memory.after.peakMiB);
  const perSecond = changes.others / changes.seconds;
  const rate = perSecond.toFixed(1);
  const intended = CHURN_PER_SECOND[form];
  const checks: Check[] = [
    check(`all ${models} serve`, true, `after ${minutes(readyMs)}; created within ${minutes(createdMs)}`),
    check(`the operator stays within ${MEMORY_MIB} MiB`, peakMiB <= MEMORY_MIB, `resident: ${mib(memory.before.residentMiB)} before, ${mib(memory.ready.residentMiB)} when all serve, ${mib(memory.after.residentMiB)} after the churn; at most ${mib(peakMiB)}`),
    check(`a new operator has looked at all within ${RESYNC_MS / 1000} s`, restarted.fromStartMs <= RESYNC_MS, `${seconds(restarted.fromStartMs)} from the start of its process, ${seconds(restarted.fromDeletionMs)} from the deletion of the old pod; ${restarted.reconciles} reconciles`),
    check(`${ONE_CHANGE_SHARE * 100} % of the changes of one reach its Deployment within ${ONE_CHANGE_MS / 1000} s, all within ${SLOWEST_CHANGE_MS / 1000} s`, quantile(sorted, ONE_CHANGE_SHARE) <= ONE_CHANGE_MS && slowest <= SLOWEST_CHANGE_MS, `${changes.tookMs.length} changes: p50 ${quantile(sorted, 0.5).toFixed(0)} ms, p95 ${quantile(sorted, ONE_CHANGE_SHARE).toFixed(0)} ms, at most ${slowest.toFixed(0)} ms, while the others changed ${changes.others} times, ${rate} a second`),
    check('the others churn meanwhile', perSecond >= intended * CHURN_SHARE, `${rate} changes a second of ${intended} intended`),
    ...(form === 'full' ? [check('every other model changed at least once meanwhile', changes.changed === models - 1, `${changes.changed} of ${models - 1}`)] : []),
    check('all goes with them', left === 0, `after ${minutes(removedMs)}`),
  ];
  return {
    checks,
    figure: `${models} models: ${mib(peakMiB)} at most, all Ready after ${minutes(readyMs)}, ${(ours.length / models).toFixed(1)} API requests per model (${(writes.length / models).toFixed(1)} writes), resync ${seconds(restarted.fromStartMs)}, one change ${quantile(sorted, 0.5).toFixed(0)} ms (p95 ${quantile(sorted, ONE_CHANGE_SHARE).toFixed(0)}, at most ${slowest.toFixed(0)} ms)`,
    evidence: [
      'Objects are real, pods are on fake nodes (kwok): inspections end at once with the report of the package, serving pods become ready at once. One replica each.',
      'The controller manager and the scheduler of the test cluster run with raised client limits (hack/cluster.d/components.sh); their work is part of the time to Ready, and shares these cores.',
      '',
      '| requests until all serve | count | per model |',
      '| --- | --- | --- |',
      ...byRequest(ours).map(({ request, count }) => `| ${request} | ${count} | ${(count / models).toFixed(2)} |`),
      `| of them refused | ${refused.length} | ${(refused.length / models).toFixed(2)} |`,
      `| writes by Kubernetes' own controllers | ${requests.length - ours.length} | ${((requests.length - ours.length) / models).toFixed(2)} |`,
    ].join('\n'),
  };
}

function mib(value: number): string {
  return `${value.toFixed(0)} MiB`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
