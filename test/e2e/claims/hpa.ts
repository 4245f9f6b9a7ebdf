import { AuditLog } from '../audit-log.ts';
import { command, output } from '../command.ts';
import { SYSTEM_NAMESPACE, type ClaimContext, type PlatformClaim } from '../context.ts';
import { AUTOSCALERS, DEPLOYMENTS, MODELS } from '../kinds.ts';
import { failuresInWords, Load } from '../load/load.ts';
import { CALL_TIMEOUT_MS } from '../load/protocol.ts';
import { TOLERANCE, twoVersionSamples } from '../load/samples.ts';
import { churnModel, VERSIONS } from '../manifest.ts';
import { conditionOf, isServing, untilServing } from '../serving.ts';
import { CapacityWatch, type Lowest } from './hpa/capacity-watch.ts';
import { appliedReplicas, OWNED_DEPLOYMENTS, withoutApply } from './hpa/owned-fields.ts';
import { isAboutSize, sizesWritten } from './hpa/ownership.ts';

const MODEL = 'elastic';
const OPERATOR = `system:serviceaccount:${SYSTEM_NAMESPACE}:churnops-operator`;
const AUTOSCALER = 'system:serviceaccount:kube-system:horizontal-pod-autoscaler';
const SOON_MS = 180_000;
/** Figures come after 40 s; then the autoscaler looks every 15 s. */
const SCALED_WITHIN_MS = 300_000;
/** Five minutes after a switch the autoscaler is free again. */
const RELEASED_WITHIN_MS = 400_000;
const FIXED = 2;
const FEWEST = 3;
const MOST = 5;
const RATE_PER_SECOND = 60;
const SAMPLES = 200;
/** The only phase in which nothing changes. */
const BY_NUMBER = 'by number';
/** Enough to answer beside busy neighbours; the calls above cost more than the target's share of it, and a pod at rest costs less. */
const CPU = '100m';
const TARGET_PERCENT = 10;
const BOTH_ANSWER = { [VERSIONS.decent]: 'decent', [VERSIONS.better]: 'better' } as const;

/** Whoever sizes a model, callers never have fewer pods than both would give them. */
export const hpa: PlatformClaim = {
  name: 'hpa',
  needs: 'shared',
  title: 'Fixed size, autoscaler and fixed size again, and a version change under the autoscaler: never a pod fewer behind the Service than the smaller of both demands; the operator writes no replicas while the autoscaler owns them.',
  run: async (context) => {
    const { kube, progress, signal, form, check } = context;
    const audit = await AuditLog.open(signal);
    const mark = await audit.mark();
    progress(`${FIXED} pods by number`);
    await kube.apply(churnModel({ name: MODEL, spec: { serving: { replicas: FIXED, resources: { requests: { cpu: CPU } } } } }));
    await untilServing(kube, MODEL, { deadlineMs: SOON_MS });
    const watch = await CapacityWatch.start(context, MODEL, BY_NUMBER, FIXED);

    progress(`an autoscaler from ${FEWEST} to ${MOST}`);
    watch.phase('number to autoscaler', FIXED);
    await size(context, { replicas: null, autoscaling: { minReplicas: FEWEST, maxReplicas: MOST, targetCPUUtilizationPercentage: TARGET_PERCENT } });
    await kube.until(AUTOSCALERS, MODEL, { what: 'there is an autoscaler', deadlineMs: SOON_MS }, () => true);
    await untilSized(context, FEWEST);
    await untilBehind(context, watch, FEWEST);
    await ownsNoReplicas(context, 'number to autoscaler');

    const peak = form === 'full' ? await underLoad(context, watch) : await changeOfVersion(context, watch, await largerByHand(context, watch));

    progress(`${FIXED} pods by number again`);
    watch.phase('autoscaler to number', FIXED);
    await size(context, { replicas: FIXED, autoscaling: null });
    await kube.untilAny({ what: 'the autoscaler is gone', deadlineMs: SOON_MS }, async () => kube.find(AUTOSCALERS, MODEL), (found) => found === undefined);
    await untilSized(context, FIXED);
    await untilBehind(context, watch, FIXED);

    const phases = await watch.stop();
    for (const phase of phases) holds(context, phase);
    const mine = await audit.since(mark, (entry) => entry.namespace === kube.namespace && isAboutSize(entry));
    const written = sizesWritten(mine.filter(({ user }) => user === OPERATOR), watch.states);
    const owned = written.scaled.filter(({ name, whileSizing }) => name === whileSizing);
    const fine = written.problem === undefined && owned.length === 0 && written.scaled.length > 0;
    check('the operator wrote no replicas of what the autoscaler sized', fine, written.problem ?? (owned.length === 0 ? `${written.scaled.length} writes of replicas between ${written.told} writes of the autoscaler, by the audit log` : `${owned.length} of ${written.scaled.length}`));
    const scaledItself = mine.filter(({ user }) => user === AUTOSCALER).length;
    if (form === 'full') check('the autoscaler scaled by itself', scaledItself > 0, `${scaledItself} times`);
    return {
      checks: [],
      figure: `${FIXED} pods, autoscaler ${FEWEST} to ${MOST} (${peak} at the version change), ${FIXED} pods: never fewer behind the Service; ${written.scaled.length} writes of replicas by the operator, 0 under the autoscaler`,
      evidence: evidenceOf(phases, watch, await watch.relists()),
    };
  },
};

function holds({ check, form }: ClaimContext, { phase, floor, fewest, changes }: Lowest): void {
  check(`${phase}: at least ${floor} ready pods behind the Service`, fewest >= floor, `fewest ${fewest}, over ${changes} changes of its endpoints`);
  if (form === 'full' && phase !== BY_NUMBER) check(`${phase}: the watch saw the endpoints change`, changes > 0, `${changes} changes`);
}

/** The audit log has no bodies: an apply of the Deployment that holds its size shows only in who owns the field. */
async function ownsNoReplicas({ kube, check }: ClaimContext, phase: string): Promise<void> {
  const deployments = await kube.list(OWNED_DEPLOYMENTS);
  const [owned, unknown] = [appliedReplicas(deployments), withoutApply(deployments)];
  const wrong = [...owned.map((name) => `${name}: spec.replicas is applied by the operator`), ...unknown.map((name) => `${name}: no apply of the operator`)];
  check(`${phase}: no apply of the operator holds replicas`, deployments.length > 0 && wrong.length === 0, wrong.length === 0 ? `${deployments.length} Deployments, by their managedFields` : wrong.join('; '));
}

async function size({ kube }: ClaimContext, serving: Readonly<Record<string, unknown>>): Promise<void> {
  await kube.patch(MODELS, MODEL, { spec: { serving } });
}

async function untilSized({ kube }: ClaimContext, pods: number): Promise<void> {
  await kube.until(MODELS, MODEL, { what: `${pods} pods serve`, deadlineMs: SOON_MS }, (model) => isServing(model) && (conditionOf(model, 'Available')?.message ?? '').startsWith(`${pods} of ${pods} `));
}

/** Within the autoscaler's bounds: it has no figures yet, so that it leaves the size as it is, and the operator must leave it, too. */
async function largerByHand(context: ClaimContext, watch: CapacityWatch): Promise<number> {
  const pods = FEWEST + 1;
  context.progress(`${pods} pods, by hand instead of by load`);
  const [deployment] = await context.kube.list(DEPLOYMENTS);
  await context.kube.kubectl('scale', `deployment/${deployment?.metadata.name ?? ''}`, `--replicas=${pods}`);
  await untilBehind(context, watch, pods);
  return pods;
}

/** The status may know of a size before the watch does: what a phase changed must be seen within it. */
async function untilBehind({ kube }: ClaimContext, watch: CapacityWatch, pods: number): Promise<void> {
  await kube.untilAny({ what: `${pods} pods are behind the Service`, deadlineMs: SOON_MS }, async () => watch.ready, (ready) => ready === pods);
}

/** @returns the size that both versions had */
async function changeOfVersion(context: ClaimContext, watch: CapacityWatch, pods: number): Promise<number> {
  const { kube, progress } = context;
  progress(`another version, ${pods} pods strong`);
  watch.phase('another version under the autoscaler', pods);
  const before = watch.addresses;
  await kube.patch(MODELS, MODEL, { spec: { model: { version: VERSIONS.better } } });
  await untilServing(kube, MODEL, { version: VERSIONS.better, deadlineMs: SOON_MS });
  await kube.untilAny({ what: 'only pods of the new version are behind the Service', deadlineMs: SOON_MS }, async () => watch.addresses, (now) => now.size > 0 && [...now].every((address) => !before.has(address)));
  await ownsNoReplicas(context, 'another version under the autoscaler');
  return pods;
}

async function underLoad(context: ClaimContext, watch: CapacityWatch): Promise<number> {
  const { kube, progress, signal, check } = context;
  await figures(context);
  const samples = await twoVersionSamples(SAMPLES, signal);
  const url = `${await context.serviceUrl(MODEL)}/v1/models/${MODEL}:predict`;
  const load = Load.start({ url, ratePerSecond: RATE_PER_SECOND, keptConnections: 10, timeoutMs: CALL_TIMEOUT_MS, tolerance: TOLERANCE, versions: BOTH_ANSWER, samples: [...samples], phase: 'under load' });
  let peak: number;
  try {
    progress(`${RATE_PER_SECOND} calls a second, until the autoscaler has ${MOST} pods`);
    watch.phase('under load', FEWEST);
    const grown = await kube.untilAny({ what: `the autoscaler makes it ${MOST}`, deadlineMs: SCALED_WITHIN_MS, everyMs: 1000 }, async () => kube.list(DEPLOYMENTS), (all) => all.some(({ spec }) => spec.replicas === MOST));
    await untilSized(context, MOST);
    await untilBehind(context, watch, MOST);
    await ownsNoReplicas(context, 'under load');
    peak = await changeOfVersion(context, watch, Math.max(...grown.map(({ spec }) => spec.replicas)));
    const pinned = watch.states.at(-1)?.minReplicas;
    check('the new version is not shrunk before it has figures', pinned === peak, `minReplicas ${pinned ?? 'unknown'} after the switch`);
    progress('until the autoscaler is free again');
    await kube.until(AUTOSCALERS, MODEL, { what: 'the autoscaler is free again', deadlineMs: RELEASED_WITHIN_MS, everyMs: 2000 }, ({ spec }) => spec['minReplicas'] === FEWEST);
  } finally {
    const report = await load.stop();
    check('no call failed, and every answer was right', report.failed === 0, report.failed === 0 ? `${report.calls} calls` : `${report.failed} of ${report.calls}: ${failuresInWords(report)}`);
  }
  return peak;
}

/** Brings metrics-server up; where there was none, the status must have said so, and the model must have gone on. */
async function figures(context: ClaimContext): Promise<void> {
  const { kube, progress, signal, check } = context;
  const asked = await command('hack/cluster', ['kubectl', 'get', '--raw', '/apis/metrics.k8s.io/v1beta1/nodes'], { signal });
  if (asked.exitCode !== 0) {
    progress('until the status says that there are no figures');
    const model = await kube.until(MODELS, MODEL, { what: 'ScalingActive is False', deadlineMs: SOON_MS }, (seen) => conditionOf(seen, 'ScalingActive')?.status === 'False');
    const { reason, message } = conditionOf(model, 'ScalingActive') ?? { reason: '', message: '' };
    check('without metrics-server the status says so, and the model serves', isServing(model) && message.includes('metrics-server'), `${reason}: ${message}`);
    progress('metrics-server');
    try {
      await output('hack/cluster', ['metrics'], { signal });
    } catch (error) {
      throw new Error('this claim needs CPU figures (metrics.k8s.io), and no metrics-server could be started: install one on this cluster, or run the short form, which needs none', { cause: error });
    }
  }
  const model = await kube.until(MODELS, MODEL, { what: 'the autoscaler has figures', deadlineMs: SCALED_WITHIN_MS }, (seen) => conditionOf(seen, 'ScalingActive')?.status === 'True');
  check('with metrics-server the autoscaler works', true, conditionOf(model, 'ScalingActive')?.message ?? '');
}

function evidenceOf(phases: readonly Lowest[], watch: CapacityWatch, relists: number): string {
  return [
    'Pods behind the Service are the ready endpoints of its EndpointSlices, followed by a watch: every state counts, however short.',
    `The watches began again with a whole list ${relists} times${relists === 0 ? '' : ': what came and went meanwhile was not seen'}.`,
    '',
    '| phase | pods that had to be there | fewest seen | changes seen |',
    '| --- | --- | --- | --- |',
    ...phases.map(({ phase, floor, fewest, changes }) => `| ${phase} | ${floor} | ${fewest} | ${changes} |`),
    '',
    'What the operator told the autoscaler:',
    '',
    ...watch.states.map(({ target, minReplicas }) => (target === undefined ? '- deleted' : `- sizes ${target}, at least ${minReplicas}`)),
  ].join('\n');
}
