import { LABELS } from '../../../../contracts/names.ts';
import { sleep, systemClock } from '../../../../operator/runtime/clock.ts';
import { ON_FAKE_NODES } from '../../fake-nodes.ts';
import { DEPLOYMENTS, MODELS } from '../../kinds.ts';
import type { Kube } from '../../kube.ts';
import { churnModel, VERSIONS, type ModelManifest } from '../../manifest.ts';
import { isServing } from '../../serving.ts';
import { endStateOf, type EndState } from './end-state.ts';

/** What a person does to a model, in this order. */
export const STEPS = ['create', 'version change', 'scale change', 'delete'] as const;
export type Step = (typeof STEPS)[number];

/** A drain and a bit: the status is made so much older, instead of waiting. */
const DRAINED_MS = 61_000;
const STEP_DEADLINE_MS = 120_000;
/** Without a write for so long all is done. */
const QUIET_MS = 800;

type WorkloadInput = Readonly<{
  kube: Kube;
  model: string;
  operatorClass: string;
  signal: AbortSignal;
  /** Milliseconds since the operator's last write, and whether it sees the present. */
  quietMs: () => number;
  isPlain: () => boolean;
}>;

/** Creates a model, changes its version and its size, and deletes it; gives the state after each step. */
export async function runWorkload(input: WorkloadInput): Promise<ReadonlyMap<Step, EndState>> {
  const states = new Map<Step, EndState>();
  const after = async (step: Step): Promise<void> => {
    await atRest(input);
    states.set(step, await endStateOf(input.kube, input.model));
  };
  await apply(input, VERSIONS.decent, 2);
  await serving(input, VERSIONS.decent, 2);
  await after('create');
  await apply(input, VERSIONS.better, 2);
  await serving(input, VERSIONS.better, 2);
  await atRest(input);
  await letDrainPass(input);
  await after('version change');
  await apply(input, VERSIONS.better, 3);
  await serving(input, VERSIONS.better, 3);
  await after('scale change');
  await input.kube.delete(MODELS, input.model);
  await input.kube.untilAny({ what: `everything of ${input.model} gone`, deadlineMs: STEP_DEADLINE_MS }, async () => [...(await endStateOf(input.kube, input.model)).keys()], (paths) => paths.length === 0);
  await after('delete');
  return states;
}

async function apply({ kube, model, operatorClass }: WorkloadInput, version: string, replicas: number): Promise<void> {
  const manifest: ModelManifest = churnModel({ name: model, version, spec: { serving: { replicas, scheduling: ON_FAKE_NODES } } });
  await kube.apply({ ...manifest, metadata: { ...manifest.metadata, labels: { [LABELS.operatorClass]: operatorClass } } });
}

async function serving({ kube, model }: WorkloadInput, version: string, replicas: number): Promise<void> {
  await kube.until(MODELS, model, { what: `${model} serves ${version} by ${replicas} pods`, deadlineMs: STEP_DEADLINE_MS }, (seen) => {
    const available = seen.status?.conditions?.find(({ type }) => type === 'Available')?.message ?? '';
    return isServing(seen, version) && available.startsWith(`${replicas} of ${replicas} pods`);
  });
}

/** All progress is in the status (DESIGN section 4, invariant 3): who moves its times moves time. */
async function letDrainPass(input: WorkloadInput): Promise<void> {
  const { kube, model, signal } = input;
  await kube.untilAny({ what: `the status of ${model} made older`, deadlineMs: STEP_DEADLINE_MS }, async () => {
    const current = await kube.get(MODELS, model);
    const previous = current.status?.previous;
    if (previous === undefined) return false;
    const replacedAt = new Date(Date.parse(previous.replacedAt) - DRAINED_MS).toISOString();
    return kube.client.patchStatus(MODELS, current, { ...current.status, previous: { ...previous, replacedAt } }, signal).then(() => true, () => false);
  }, (done) => done);
  await kube.untilAny(
    { what: `the version before ${model}'s at zero replicas`, deadlineMs: STEP_DEADLINE_MS },
    async () => kube.list(DEPLOYMENTS, { labelSelector: `${LABELS.model}=${model}` }),
    (deployments) => deployments.length === 2 && deployments.some(({ spec }) => spec.replicas === 0),
  );
}

/** Waits until the operator writes nothing more, sees the present, and the Deployments' status is about their spec. */
async function atRest(input: WorkloadInput): Promise<void> {
  const { kube, model, quietMs, isPlain, signal } = input;
  for (;;) {
    const deployments = await kube.list(DEPLOYMENTS, { labelSelector: `${LABELS.model}=${model}` });
    const settled = deployments.every(({ metadata, spec, status }) => status !== undefined && status.observedGeneration === metadata.generation && (spec.replicas === 0 || status.updatedReplicas === spec.replicas));
    if (settled && isPlain() && quietMs() >= QUIET_MS) return;
    await sleep(systemClock, 100, signal);
  }
}
