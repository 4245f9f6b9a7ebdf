import type { ClaimContext, PlatformClaim } from '../context.ts';
import { DEPLOYMENTS, MODELS } from '../kinds.ts';
import type { Load } from '../load/load.ts';
import { churnModel } from '../manifest.ts';
import { CHART, Release } from '../release.ts';
import { untilServing } from '../serving.ts';
import { CHANGED_ON_PURPOSE, differingPaths } from './upgrade/changed-on-purpose.ts';
import { installedDefinition } from './upgrade/definition.ts';
import { previousRelease, withImages, type Previous } from './upgrade/previous.ts';
import { keptStatus, servingDeployment, servingPods, type Place, type ServingPod } from './upgrade/serving-state.ts';
import { SAME_ANSWERS, steadyCalls } from './upgrade/steady-calls.ts';
import { acts, fewestAvailable, judged, OPERATOR, samePods, SOON_MS, takesNote, untilRolledOut, type Calls } from './upgrade/watching.ts';

const MODEL = 'upgraded';
/** Each pod that is replaced is waited for, and it happens twice. One, too, must not be missed while another takes its place. */
const REPLICAS = { full: 2, short: 1 } as const;

type Scene = Readonly<{ context: ClaimContext; release: Release; previous: Previous; place: Place }>;

/** The release before this one becomes this one under live models, and callers do not notice. */
export const upgrade: PlatformClaim = {
  name: 'upgrade',
  title: 'The chart of the release before becomes this one with live models: no serving pod restarts unless its own template changed on purpose, and no call fails.',
  run: async (context) => {
    const { progress, signal, form } = context;
    const release = await Release.read(signal);
    progress('images of the release before');
    const previous = await previousRelease(signal);
    const scene: Scene = { context, release, previous, place: { namespace: context.namespace, name: MODEL } };
    try {
      const calls = form === 'full' ? await downgradeUnderCalls(scene) : await downgrade(scene);
      const load = await born(scene);
      try {
        await operatorAlone(scene, load);
        await serverToo(scene, load);
        if (form === 'full') await withoutOperator(scene, load);
      } finally {
        calls.push(await judged(context, 'while it became this one', load));
      }
      const all = calls.reduce((sum, each) => ({ calls: sum.calls + each.calls, failed: sum.failed + each.failed }));
      return {
        checks: [],
        figure: `${previous.commit.slice(0, 7)} to this one: ${all.calls} calls at a steady rate, ${all.failed} failed; no pod of the old template restarted`,
        evidence: `From the chart, operator and server of ${previous.commit} (test/e2e/previous) to those of this tree, in one cluster, 50 calls a second, none tried again.`,
      };
    } finally {
      // Interrupted or failed: others need this release.
      progress('this release, as hack/demo installs it');
      await release.restore(AbortSignal.timeout(600_000));
    }
  },
};

/** Back to the release before: its operator reads what this one stored. */
async function downgrade({ context, release, previous }: Scene): Promise<Calls[]> {
  context.progress('the release before');
  await release.upgrade(previous.chart, withImages(release.values, previous.images));
  await untilRolledOut(context);
  return [];
}

/** A model born under this release survives the way back, with its pods: the server's image stays. */
async function downgradeUnderCalls(scene: Scene): Promise<Calls[]> {
  const { context, release, previous } = scene;
  const { kube, check, progress } = context;
  const place = { namespace: context.namespace, name: 'downgraded' };
  progress('a model of this release');
  await kube.apply(churnModel({ name: place.name }));
  await untilServing(kube, place.name, { deadlineMs: SOON_MS });
  const [pods, status] = [await servingPods(kube, place), await keptStatus(kube, place)];
  const load = await steadyCalls(await urlOf(context, place.name), 'downgrade');
  const calls: Calls[] = [];
  try {
    progress('back to the release before');
    await release.upgrade(previous.chart, withImages(release.values, { operator: previous.images.operator }));
    await untilRolledOut(context);
    await acts(context, place, 3);
    await untilServing(kube, place.name, { deadlineMs: SOON_MS });
    check('downgrade: the model goes on, its status is read', (await keptStatus(kube, place)) === status, await keptStatus(kube, place));
    samePods(context, 'downgrade', pods, await servingPods(kube, place));
  } finally {
    calls.push(await judged(context, 'on the way back', load));
  }
  await kube.delete(MODELS, place.name);
  await downgrade(scene);
  return calls;
}

/** A model that the release before made, under calls from now on. */
async function born({ context, previous, place }: Scene): Promise<Load> {
  const { kube, progress, check, form } = context;
  progress('a model of the release before');
  await kube.apply(churnModel({ name: MODEL, spec: { serving: { replicas: REPLICAS[form] } } }));
  await untilServing(kube, MODEL, { deadlineMs: SOON_MS });
  const images = new Set((await servingPods(kube, place)).map(({ image }) => image));
  check('it is served by pods of the release before', images.size === 1 && images.has(reference(previous.images.server)), [...images].join(', '));
  return steadyCalls(await urlOf(context, MODEL), 'before');
}

/** This chart and operator, the server's image stays: nothing of what serves may move. */
async function operatorAlone({ context, release, previous, place }: Scene, load: Load): Promise<void> {
  const { kube, check, progress } = context;
  const before = { pods: await servingPods(kube, place), status: await keptStatus(kube, place), template: (await servingDeployment(kube, place)).spec.template, definition: await installedDefinition(kube) };
  progress('this chart and operator; the server stays');
  load.phase('operator', SAME_ANSWERS);
  const fewest = fewestAvailable(context, place);
  await release.upgrade(CHART, withImages(release.values, { server: previous.images.server }));
  await untilRolledOut(context);
  const strategy = await strategyOfOperator(context);
  check('the operator that knew no election was stopped before this one started', strategy === 'Recreate', strategy);
  const definition = await installedDefinition(kube);
  check('the custom resource definition is this one, and the same object', definition.lacks.length === 0 && definition.uid === before.definition.uid, `lacks ${definition.lacks.length} fields, before ${before.definition.lacks.length}: ${before.definition.lacks.slice(0, 5).join(', ')}`);
  await takesNote(context, place);
  if (context.form === 'full') await acts(context, place, 3);
  const differing = differingPaths(before.template, (await servingDeployment(kube, place)).spec.template);
  const unexpected = differing.filter((path) => CHANGED_ON_PURPOSE[path] === undefined);
  check('the template of its pods is the same but for what is changed on purpose', unexpected.length === 0, differing.length === 0 ? 'no field differs' : differing.map((path) => `${path}: ${CHANGED_ON_PURPOSE[path] ?? 'NOT on purpose'}`).join('; '));
  if (differing.length === 0) samePods(context, 'this operator', before.pods, await servingPods(kube, place));
  else await replaced(context, place, before.pods);
  const available = await fewest();
  check('this operator leaves never a pod fewer', available >= before.pods.length, `${before.pods.length} wanted, at least ${available} available`);
  const status = await keptStatus(kube, place);
  check('its status is kept: phase, stable version, ready since', status === before.status, status === before.status ? status : `${before.status} became ${status}`);
}

/** Another template: each pod is replaced by one that is ready. */
async function replaced({ kube }: ClaimContext, place: Place, before: readonly ServingPod[]): Promise<void> {
  const known = new Set(before.map(({ uid }) => uid));
  await kube.untilAny({ what: 'its pods are replaced by ready ones', deadlineMs: SOON_MS }, async () => servingPods(kube, place), (pods) => pods.length === before.length && pods.every(({ uid, ready }) => ready && !known.has(uid)));
}

/** The server's image too: that is a change of the template, and rolls in place. */
async function serverToo({ context, release, place }: Scene, load: Load): Promise<void> {
  const { kube, check, progress } = context;
  const before = await servingPods(kube, place);
  progress('and the server');
  load.phase('server', SAME_ANSWERS);
  const fewest = fewestAvailable(context, place);
  await release.restore();
  const image = reference(release.values.images.server);
  await kube.untilAny({ what: `all pods run ${image}`, deadlineMs: SOON_MS }, async () => servingPods(kube, place), (pods) => pods.length === before.length && pods.every((pod) => pod.image === image && pod.ready));
  const strategy = await strategyOfOperator(context);
  check('from now on operators are replaced one by one', strategy === 'RollingUpdate', strategy);
  const available = await fewest();
  check('another server rolls in place: never a pod fewer', available >= before.length, `${before.length} wanted, at least ${available} available`);
}

/** Uninstalled, models go on, and whatever Kubernetes itself keeps up; installed again, the operator takes them over. */
async function withoutOperator({ context, release, place }: Scene, load: Load): Promise<void> {
  const { kube, check, progress } = context;
  const before = await servingPods(kube, place);
  progress('uninstalled');
  load.phase('uninstalled', SAME_ANSWERS);
  await release.uninstall();
  const operator = await kube.find(DEPLOYMENTS, OPERATOR);
  const model = await kube.find(MODELS, MODEL);
  check('uninstall takes the operator and leaves the models', operator === undefined && model !== undefined, `operator ${operator === undefined ? 'gone' : 'there'}, ChurnModel ${model === undefined ? 'gone' : 'there'}`);
  samePods(context, 'uninstall', before, await servingPods(kube, place));
  progress('installed again');
  load.phase('installed again', SAME_ANSWERS);
  await release.restore();
  await acts(context, place, 2);
  const kept = new Set(before.map(({ uid }) => uid));
  const after = await servingPods(kube, place);
  check('installed again it takes them over without a restart', after.length === 2 && after.every(({ uid, restarts }) => kept.has(uid) && restarts === 0), after.map(({ name }) => name).join(', '));
  const test = await release.test();
  check('helm test passes', test.passed, test.said.slice(-300));
}

async function strategyOfOperator({ kube }: ClaimContext): Promise<string> {
  return kube.kubectl('--namespace', OPERATOR.namespace, 'get', 'deployment', OPERATOR.name, '--output=jsonpath={.spec.strategy.type}');
}

async function urlOf(context: ClaimContext, model: string): Promise<string> {
  return `${await context.serviceUrl(model)}/v1/models/${model}:predict`;
}

function reference({ repository, tag }: Readonly<{ repository: string; tag: string }>): string {
  return `${repository}:${tag}`;
}
