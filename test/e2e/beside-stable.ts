import { join } from 'node:path';
import { isCandidateHash, shortHash, type CandidateHash } from '../../contracts/digest.ts';
import { ANNOTATIONS, LABELS } from '../../contracts/names.ts';
import { storeLayout, type StoreLayout } from '../../contracts/store-layout.ts';
import { TrafficPolicy, TrafficState } from '../../contracts/traffic.ts';
import type { ClaimContext } from './context.ts';
import { MODELS, PODS, type Pod } from './kinds.ts';
import { TELCO_PACKAGES } from './load/customers.ts';
import { churnModel, STORAGE, VERSIONS, type ModelManifest, type SpecText } from './manifest.ts';
import { untilServing } from './serving.ts';

/** A model with a candidate beside its stable version. */
export type Sides = Readonly<{ model: string; stable: CandidateHash; candidate: CandidateHash }>;

/** Inspection, pods, Service. */
const STARTED_WITHIN_MS = 300_000;
/** Pods on this machine are small: the node has to hold both sides, and the neighbours'. */
const SMALL = { requests: { cpu: '20m', memory: '160Mi' }, limits: { memory: '1Gi' } } as const;

/** Where a claim has packages of its own: what its pods journal lies beside them, and goes with the claim. */
export function repositoryOf({ prefix }: Pick<ClaimContext, 'prefix'>): string {
  return `s3://${STORAGE.bucket}/${prefix}/models/telco-churn`;
}

/** Where journal, labels and evidence of a gated model lie, as keys of the bucket. */
export function layoutOf({ prefix }: Pick<ClaimContext, 'prefix'>, model: string): StoreLayout {
  return storeLayout(`${prefix}/models/telco-churn`, model);
}

/** A model of which a candidate stays beside stable: it has a gate, which looks once and finds no labels unless the claim brings some. */
export function gatedModel(context: Pick<ClaimContext, 'prefix'>, input: Readonly<{ name: string; replicas: number; spec?: Partial<SpecText>; rollout?: SpecText['rollout'] }>): ModelManifest {
  const { name, replicas, spec, rollout } = input;
  return churnModel({
    name,
    repository: repositoryOf(context),
    spec: { serving: { replicas, resources: SMALL }, rollout: { gate: { labels: 'Feedback', interval: '24h' }, ...rollout }, ...spec },
  });
}

/** The side that answers callers. */
export type StableSide = Pick<Sides, 'model' | 'stable'>;

/** Brings the model up with the decent version, from packages of the claim's own. */
export async function startStable(context: ClaimContext, model: ModelManifest): Promise<StableSide> {
  const { kube, store, prefix } = context;
  const { name } = model.metadata;
  for (const version of [VERSIONS.decent, VERSIONS.better]) await store.upload(join(TELCO_PACKAGES, version), `${prefix}/models/telco-churn/${version}`);
  await kube.apply(model);
  const { status } = await untilServing(kube, name, { version: VERSIONS.decent, deadlineMs: STARTED_WITHIN_MS });
  return { model: name, stable: hashOf(status?.stable?.hash) };
}

/** Brings the model up with the decent version, then the better one beside it; done when it is in Shadow and every stable pod mirrors. */
export async function startBesides(context: ClaimContext, model: ModelManifest): Promise<Sides> {
  const { kube, progress } = context;
  const { model: name, stable } = await startStable(context, model);
  progress(`${VERSIONS.decent} serves; ${VERSIONS.better} comes beside it`);
  await kube.patch(MODELS, name, { spec: { model: { version: VERSIONS.better } } });
  const { status } = await kube.until(MODELS, name, { what: `${VERSIONS.better} is in Shadow`, deadlineMs: STARTED_WITHIN_MS }, (seen) => seen.status?.phase === 'Shadow' && seen.status.candidate?.version === VERSIONS.better && seen.status.candidate.hash !== undefined);
  const sides = { model: name, stable, candidate: hashOf(status?.candidate?.hash) };
  await untilFollowed(context, sides, { mode: 'Shadow' });
  return sides;
}

function hashOf(text: string | undefined): CandidateHash {
  if (text === undefined || !isCandidateHash(text)) throw new Error(`${String(text)} is no candidate hash`);
  return text;
}

/** Gives a canary step its weight, as whoever decides will: by the status alone. The operator does the rest. */
export async function giveWeight({ kube }: Pick<ClaimContext, 'kube'>, { model }: Pick<Sides, 'model'>, weight: number, step = 1): Promise<void> {
  await kube.patchStatus(MODELS, model, { phase: 'Canary', candidate: { weight, step, stepStartedAt: new Date().toISOString() } });
}

/** Pods of one side that are not on their way out. */
export async function podsOf({ kube }: Pick<ClaimContext, 'kube'>, model: string, hash: CandidateHash): Promise<readonly Pod[]> {
  const pods = await kube.list(PODS, { labelSelector: `${LABELS.model}=${model},${LABELS.hash}=${shortHash(hash)},${LABELS.component}=serving` });
  return pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

export function isReady({ status }: Pod): boolean {
  return status.conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True');
}

/** The policy that a pod bears; undefined where it has none. */
export function policyOn({ metadata }: Pick<Pod, 'metadata'>): TrafficPolicy | undefined {
  const text = metadata.annotations?.[ANNOTATIONS.trafficPolicy];
  return text === undefined ? undefined : TrafficPolicy.parse(JSON.parse(text));
}

/** What a pod says of its traffic; undefined while it does not answer. */
export async function trafficOf(controlUrl: string, signal: AbortSignal): Promise<TrafficState | undefined> {
  try {
    const answer = await fetch(`${controlUrl}/control/traffic`, { signal: AbortSignal.any([signal, AbortSignal.timeout(5000)]) });
    return answer.ok ? TrafficState.parse(await answer.json()) : undefined;
  } catch (thrown) {
    signal.throwIfAborted();
    if (thrown instanceof SyntaxError || thrown instanceof TypeError || (thrown instanceof DOMException && thrown.name === 'TimeoutError')) return undefined;
    throw thrown;
  }
}

/** A stable pod that follows what it bears. */
export type Following = Readonly<{ pod: string; policy: TrafficPolicy; traffic: TrafficState }>;

const FOLLOWED_WITHIN_MS = 120_000;

/** Waits until every ready stable pod bears a policy as wanted and follows it, and gives what each of them says. */
export async function untilFollowed(context: ClaimContext, { model, stable }: StableSide, wanted: Partial<Pick<TrafficPolicy, 'mode' | 'percent'>>): Promise<readonly Following[]> {
  const { kube, signal, controlUrl } = context;
  const look = async (): Promise<readonly (Following | string)[]> => {
    const pods = (await podsOf(context, model, stable)).filter(isReady);
    return Promise.all(pods.map(async (pod) => {
      const { name } = pod.metadata;
      const policy = policyOn(pod);
      if (policy === undefined || (wanted.mode !== undefined && policy.mode !== wanted.mode) || (wanted.percent !== undefined && policy.percent !== wanted.percent)) return `${name} bears ${policy === undefined ? 'no policy' : `${policy.mode} ${policy.percent} %`}`;
      const traffic = await trafficOf(await controlUrl(name), signal);
      return traffic?.revision === policy.revision ? { pod: name, policy, traffic } : `${name} follows ${traffic?.revision ?? 'nothing'}, not ${policy.revision}: ${traffic?.refused ?? ''}`;
    }));
  };
  const all = await kube.untilAny({ what: `all of ${model}'s pods follow ${wanted.mode ?? ''} ${wanted.percent ?? ''}`, deadlineMs: FOLLOWED_WITHIN_MS, everyMs: 200 }, look, (seen) => seen.length > 0 && seen.every((each) => typeof each !== 'string'));
  return all.filter((each) => typeof each !== 'string');
}
