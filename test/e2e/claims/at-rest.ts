import { dump } from 'js-yaml';
import { sleep, systemClock } from '../../../operator/runtime/clock.ts';
import { byRequest, isWrite, type AuditEntry } from '../audit-entry.ts';
import { AuditLog, type AuditMark } from '../audit-log.ts';
import type { Check, ClaimOutcome } from '../claim.ts';
import { command, output } from '../command.ts';
import type { ClaimContext, PlatformClaim } from '../context.ts';
import { fakeNodes } from '../fake-nodes.ts';
import { killContainer, operatorContainer, operatorPods } from '../faults.ts';
import { MODELS } from '../kinds.ts';
import { operatorFigures, untilResynced, type Resynced } from '../operator-figures.ts';
import { conditionOf, isServing } from '../serving.ts';
import { writtenManifests, type Way, type Written } from './at-rest/manifests.ts';

const MODELS_COUNT = { full: 50, short: 10 } as const;
const QUIET_MS = { full: 300_000, short: 12_000 } as const;
/** After a write of the operator's own the status of pods still moves; this long without one is rest. */
const CALM_MS = { full: 15_000, short: 3000 } as const;
const CALM_WITHIN_MS = 240_000;
const LOOKED_WITHIN_MS = 60_000;
/** The kubelet may wait before it starts the container again, and the Lease of the one before must run out. */
const RESYNCED_WITHIN_MS = 300_000;
const OPERATOR = 'system:serviceaccount:churnops:churnops-operator';

/** Where nothing changes, nothing is written, however a manifest is written. */
export const atRest: PlatformClaim = {
  name: 'at-rest',
  title: 'Models that are as their manifests say cost no write but Lease renewals, however the manifests are written; nor does the same manifest again, a touch of somebody else, or a new operator.',
  run: async (context) => {
    const { form, progress, signal } = context;
    await fakeNodes(signal);
    const manifests = writtenManifests(MODELS_COUNT[form]);
    const audit = await AuditLog.open(signal);
    progress(`${manifests.length} models, by kubectl, client-side and server-side`);
    const beginning = await audit.mark();
    await applyAll(context, manifests);
    await untilSettled(context, manifests);
    await untilCalm(context, audit, beginning);
    const rounds: Round[] = [];
    const round = async (what: string, ms: number, act: () => Promise<string>): Promise<void> => {
      progress(what);
      const mark = await audit.mark();
      const reconciles = await reconcilesOf(context);
      const did = await act();
      await sleep(systemClock, ms, signal);
      rounds.push({ what, did, ms, writes: await audit.since(mark, isOperatorsWrite), reconciles: (await reconcilesOf(context)) - reconciles });
    };
    const shortMs = Math.max(QUIET_MS[form] / 10, 3000);
    await round('nothing happens', QUIET_MS[form], async () => '');
    await round('the same manifests again', shortMs, async () => applyAll(context, manifests));
    await round('somebody annotates every model', shortMs, async () => annotateAll(context, manifests));
    let resynced: Resynced | undefined;
    if (form === 'full') {
      await round('a new operator looks at every model', shortMs * 2, async () => {
        const { killed, ...rest } = await newOperator(context, manifests.length);
        resynced = rest;
        return `${killed} operator processes killed -9; the new one had nothing left to do ${((rest.atMs - rest.startedMs) / 1000).toFixed(1)} s after it began`;
      });
    }
    return outcome(context, manifests, rounds, resynced);
  },
};

type Round = Readonly<{ what: string; did: string; ms: number; writes: readonly AuditEntry[]; reconciles: number }>;

function isOperatorsWrite(entry: AuditEntry): boolean {
  return entry.user === OPERATOR && isWrite(entry) && !entry.resource.startsWith('leases.');
}

async function reconcilesOf(context: ClaimContext): Promise<number> {
  return (await operatorFigures(context, context.signal)).sum('controller_runtime_reconcile_total');
}

async function applyAll({ namespace, signal }: ClaimContext, manifests: readonly Written[]): Promise<string> {
  const said: string[] = [];
  for (const way of new Set(manifests.map((one) => one.way))) {
    const stdin = manifests.filter((one) => one.way === way).map(({ manifest }) => `---\n${dump(manifest)}`).join('');
    const { exitCode, stdout, stderr } = await command('hack/cluster', ['kubectl', '--namespace', namespace, ...argumentsOf(way)], { signal, stdin });
    if (exitCode !== 0) throw new Error(`${way}: ${stderr}`);
    const lines = stdout.trim().split('\n');
    said.push(`${way}: ${lines.length} models, ${lines.filter((line) => line.endsWith(' unchanged')).length} of them unchanged by kubectl's word`);
  }
  return said.join('; ');
}

function argumentsOf(way: Way): readonly string[] {
  switch (way) {
    case 'kubectl apply':
      return ['apply', '--filename', '-'];
    case 'kubectl apply --server-side':
      return ['apply', '--server-side', '--field-manager', 'argocd-controller', '--filename', '-'];
  }
}

async function annotateAll(context: ClaimContext, manifests: readonly Written[]): Promise<string> {
  const { namespace, signal, kube } = context;
  const before = await reconcilesOf(context);
  await output('hack/cluster', ['kubectl', '--namespace', namespace, 'annotate', 'churnmodels', ...manifests.map(({ name }) => name), `example.com/touched=${Date.now()}`], { signal });
  await kube.untilAny({ what: 'the operator has looked at every model', deadlineMs: LOOKED_WITHIN_MS, everyMs: 300 }, async () => (await reconcilesOf(context)) - before, (reconciles) => reconciles >= manifests.length);
  return 'kubectl annotate: the operator must look, and has nothing to do';
}

/** kill -9, so that the next process begins with an empty cache and knows nothing but what the API server says; waits until it has looked at all. */
async function newOperator(context: ClaimContext, models: number): Promise<Resynced & Readonly<{ killed: number }>> {
  const pods = await operatorPods(context);
  for (const pod of pods) await killContainer(operatorContainer(pod), context.signal);
  return { killed: pods.length, ...(await untilResynced(context, { models, endedMs: Date.now(), deadlineMs: RESYNCED_WITHIN_MS })) };
}

async function untilSettled({ kube }: ClaimContext, manifests: readonly Written[]): Promise<void> {
  await kube.untilAny(
    { what: 'every model is as its manifest says', deadlineMs: 300_000 },
    async () => (await kube.list(MODELS)).filter((model) => !isServing(model) && conditionOf(model, 'Ready')?.reason !== 'ScaledToZero').map(({ metadata, status }) => `${metadata.name}: ${status?.message ?? 'no status'}`),
    (unsettled) => unsettled.length === 0,
  );
  if ((await kube.list(MODELS)).length !== manifests.length) throw new Error('some manifests made no model');
}

/** Waits until the operator has written nothing for a while. */
async function untilCalm({ kube, form }: ClaimContext, audit: AuditLog, since: AuditMark): Promise<void> {
  await kube.untilAny(
    { what: `no write of the operator for ${CALM_MS[form] / 1000} s`, deadlineMs: CALM_WITHIN_MS, everyMs: 500 },
    async () => (await audit.since(since, isOperatorsWrite)).at(-1),
    (last) => last === undefined || Date.now() - last.atMs > CALM_MS[form],
  );
}

function outcome({ check, form }: ClaimContext, manifests: readonly Written[], rounds: readonly Round[], resynced: Resynced | undefined): ClaimOutcome {
  const checks: Check[] = rounds.map(({ what, did, ms, writes }) => check(`${what}: no write but Leases`, writes.length === 0, writes.length === 0 ? `${(ms / 1000).toFixed(0)} s${did === '' ? '' : `; ${did}`}` : inWords(writes, manifests)));
  const touched = rounds.find(({ what }) => what === 'somebody annotates every model');
  checks.push(check('the operator looked at every model that was touched', (touched?.reconciles ?? 0) >= manifests.length, `${touched?.reconciles ?? 0} reconciles`));
  if (form === 'full') checks.push(check('the new operator looked at every model', (resynced?.reconciles ?? 0) >= manifests.length, `${resynced?.reconciles ?? 0} reconciles of the new process, and an empty queue`));
  const writes = rounds.reduce((sum, round) => sum + round.writes.length, 0);
  return {
    checks,
    figure: `${manifests.length} models: ${writes} writes in ${((rounds[0]?.ms ?? 0) / 1000).toFixed(0)} s of rest, after the same manifests again${form === 'full' ? ', after a touch and from a new operator' : ' and after a touch'}`,
    evidence: [
      'By the API server\'s audit log: every create, update, patch and delete by the operator\'s account, refused ones too, Leases left out. Pods are on fake nodes (kwok).',
      '',
      '| round | s | writes | reconciles |',
      '| --- | --- | --- | --- |',
      ...rounds.map(({ what, ms, writes: made, reconciles }) => `| ${what} | ${(ms / 1000).toFixed(0)} | ${made.length} | ${reconciles < 0 ? 'a new process' : reconciles} |`),
      '',
      '| how it is written | models |',
      '| --- | --- |',
      ...[...Map.groupBy(manifests, ({ how }) => how)].map(([how, those]) => `| ${how} | ${those.map(({ way }) => way).join(', ')} |`),
    ].join('\n'),
  };
}

function inWords(writes: readonly AuditEntry[], manifests: readonly Written[]): string {
  const first = writes.slice(0, 5).map(({ verb, resource, name, code }) => {
    const owner = manifests.find((one) => name === one.name || name.startsWith(`${one.name}-`));
    return `${verb} ${resource} ${name} (${code}${owner === undefined ? '' : `, ${owner.how}`})`;
  });
  return `${byRequest(writes).map(({ request, count }) => `${count} x ${request}`).join(', ')}; first: ${first.join('; ')}`;
}
