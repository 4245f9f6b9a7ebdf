import type { ChurnModel } from '../../../../contracts/churn-model/churn-model.ts';
import { LABELS } from '../../../../contracts/names.ts';
import { ON_FAKE_NODES } from '../../fake-nodes.ts';
import { DEPLOYMENTS, MODELS } from '../../kinds.ts';
import type { Kube } from '../../kube.ts';
import { churnModel, VERSIONS, type ModelManifest } from '../../manifest.ts';
import { conditionOf, isServing } from '../../serving.ts';
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
  const after = async (step: Step, is: (model: ChurnModel | undefined) => boolean): Promise<void> => {
    // Read again when something moved while it was read.
    for (let stands = false; !stands; stands = is(await input.kube.find(MODELS, input.model))) {
      await atRest(input, is);
      states.set(step, await endStateOf(input.kube, input.model));
    }
  };
  await apply(input, VERSIONS.decent, 2);
  await after('create', serves(VERSIONS.decent, 2));
  await apply(input, VERSIONS.better, 2);
  await atRest(input, serves(VERSIONS.better, 2));
  await letDrainPass(input);
  await after('version change', serves(VERSIONS.better, 2));
  await apply(input, VERSIONS.better, 3);
  await after('scale change', serves(VERSIONS.better, 3));
  await input.kube.delete(MODELS, input.model);
  await input.kube.untilAny({ what: `everything of ${input.model} gone`, deadlineMs: STEP_DEADLINE_MS }, async () => [...(await endStateOf(input.kube, input.model)).keys()], (paths) => paths.length === 0);
  await after('delete', (left) => left === undefined);
  return states;
}

async function apply({ kube, model, operatorClass }: WorkloadInput, version: string, replicas: number): Promise<void> {
  const manifest: ModelManifest = churnModel({ name: model, version, spec: { serving: { replicas, scheduling: ON_FAKE_NODES } } });
  await kube.apply({ ...manifest, metadata: { ...manifest.metadata, labels: { [LABELS.operatorClass]: operatorClass } } });
}

/** Whether this version serves by so many ready pods, and nothing else is under way. */
function serves(version: string, replicas: number): (model: ChurnModel | undefined) => boolean {
  return (model) => model !== undefined && isServing(model, version) && conditionOf(model, 'Available')?.message.startsWith(`${replicas} of ${replicas} pods`) === true;
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

/** Waits until the model is as wanted, the operator writes nothing more and sees the present, and Deployments' status is about their spec. */
async function atRest({ kube, model, quietMs, isPlain }: WorkloadInput, is: (model: ChurnModel | undefined) => boolean): Promise<void> {
  const look = async () => ({ own: await kube.find(MODELS, model), deployments: await kube.list(DEPLOYMENTS, { labelSelector: `${LABELS.model}=${model}` }) });
  await kube.untilAny({ what: `${model} at rest`, deadlineMs: STEP_DEADLINE_MS }, look, ({ own, deployments }) => {
    const settled = deployments.every(({ metadata, spec, status }) => status !== undefined && status.observedGeneration === metadata.generation && (spec.replicas === 0 || status.updatedReplicas === spec.replicas));
    return is(own) && settled && isPlain() && quietMs() >= QUIET_MS;
  });
}
