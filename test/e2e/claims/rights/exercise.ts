import { isCandidateHash } from '../../../../contracts/digest.ts';
import { GROUP, LABELS } from '../../../../contracts/names.ts';
import { ownerOf } from '../../../../operator/resources/subject.ts';
import { podsOf, policyOn } from '../../beside-stable.ts';
import type { ClaimContext } from '../../context.ts';
import { AUTOSCALERS, CRON_JOBS, DEPLOYMENTS, JOBS, MODELS, NETWORK_POLICIES, RESOURCE_QUOTAS, SECRETS, SERVICE_ACCOUNTS, SERVICES } from '../../kinds.ts';
import { churnModel, VERSIONS } from '../../manifest.ts';
import { conditionOf, untilServing } from '../../serving.ts';

const SOON_MS = 300_000;

/** Everything that makes the operator ask for something: create, change, scale, take back, forget, put back, switch off. */
export async function exercise(context: ClaimContext, model: string): Promise<void> {
  const { kube, progress } = context;
  progress('create, with all that can be switched on');
  const serving = { replicas: 2, resources: { requests: { cpu: '50m' } } };
  await kube.apply(churnModel({ name: model, spec: { serving, retention: { raw: '2160h' }, rollout: { rollbackWindow: '1s' } } }));
  await untilServing(kube, model, { deadlineMs: SOON_MS, version: VERSIONS.decent });
  progress('another version; less retention, then none');
  await changed(context, model, { model: { version: VERSIONS.better }, retention: { raw: '2000h' } });
  await untilServing(kube, model, { deadlineMs: SOON_MS, version: VERSIONS.better });
  await changed(context, model, { retention: null });
  await autoscaled(context, model);
  await policyForgotten(context, model);
  await besideStable(context, model);
  await tokenRotated(context, model);
  progress('a version that is taken back while it is inspected, and while its pods start');
  await takenBackInInspection(context, model);
  await takenBack(context, model, 'StartingPods');
  progress('a child changed by hand');
  await kube.patch(SERVICE_ACCOUNTS, model, { metadata: { labels: { 'app.kubernetes.io/managed-by': 'a-hand' } } });
  await kube.until(SERVICE_ACCOUNTS, model, { what: 'the account is put back', deadlineMs: SOON_MS }, ({ metadata }) => metadata.labels?.['app.kubernetes.io/managed-by'] === 'churnops');
  await untilServing(kube, model, { deadlineMs: SOON_MS, version: VERSIONS.better });
  await kube.untilAny({ what: 'the version that was taken back is gone', deadlineMs: SOON_MS }, async () => kube.list(DEPLOYMENTS, { labelSelector: `${LABELS.model}=${model}` }), (left) => left.length <= 2);
}

/** A candidate with a gate comes beside stable, whose pods are told, is measured, and is taken back. */
async function besideStable(context: ClaimContext, model: string): Promise<void> {
  const { kube, progress } = context;
  progress('a candidate beside stable, and taken back');
  await kube.patch(MODELS, model, { spec: { rollout: { gate: { labels: 'Feedback' } }, model: { version: VERSIONS.decent } } });
  const { status } = await kube.until(MODELS, model, { what: 'it is in Shadow', deadlineMs: SOON_MS }, (seen) => seen.status?.phase === 'Shadow' && seen.status.candidate?.version === VERSIONS.decent);
  const stable = status?.stable?.hash ?? '';
  if (!isCandidateHash(stable)) throw new Error(`${model} has no stable version`);
  await kube.untilAny({ what: 'stable\'s pods are told', deadlineMs: SOON_MS }, async () => podsOf(context, model, stable), (pods) => pods.length > 0 && pods.every((pod) => policyOn(pod) !== undefined));
  await kube.until(MODELS, model, { what: 'the gate has looked', deadlineMs: SOON_MS }, (seen) => seen.status?.candidate?.gate?.verdict !== undefined);
  await kube.patch(MODELS, model, { spec: { rollout: { gate: null }, model: { version: VERSIONS.better } } });
  await kube.untilAny({ what: 'its headless Service is gone', deadlineMs: SOON_MS }, async () => kube.list(SERVICES, { labelSelector: `${LABELS.model}=${model}` }), (left) => left.length === 1);
  await kube.untilAny({ what: 'no pod is told any more', deadlineMs: SOON_MS }, async () => podsOf(context, model, stable), (pods) => pods.every((pod) => policyOn(pod) === undefined));
  await untilServing(kube, model, { deadlineMs: SOON_MS, version: VERSIONS.better });
}

async function tokenRotated({ kube, progress }: ClaimContext, model: string): Promise<void> {
  progress('another token');
  const before = await kube.get(SECRETS, `${model}-feedback`);
  await kube.patch(MODELS, model, { metadata: { annotations: { [`${GROUP}/rotate-feedback-token`]: 'rights' } } });
  await kube.until(SECRETS, `${model}-feedback`, { what: 'there is another token', deadlineMs: SOON_MS }, ({ data }) => data['token'] !== before.data['token'] && data['previous-token'] === before.data['token']);
}

/** Changes the spec, and waits until the operator has looked at it. */
async function changed({ kube }: ClaimContext, model: string, spec: Readonly<Record<string, unknown>>): Promise<void> {
  const { metadata } = await kube.patch(MODELS, model, { spec });
  await kube.until(MODELS, model, { what: 'the change is looked at', deadlineMs: SOON_MS }, ({ status }) => status?.observedGeneration === metadata.generation);
}

async function autoscaled(context: ClaimContext, model: string): Promise<void> {
  const { kube, progress } = context;
  progress('an autoscaler with other bounds, and a number again');
  await changed(context, model, { serving: { replicas: null, autoscaling: { minReplicas: 1, maxReplicas: 2 } } });
  await kube.untilAny({ what: 'there is an autoscaler', deadlineMs: SOON_MS }, async () => kube.find(AUTOSCALERS, model), (found) => found !== undefined);
  await changed(context, model, { serving: { autoscaling: { maxReplicas: 3 } } });
  await kube.until(AUTOSCALERS, model, { what: 'the autoscaler has the other bound', deadlineMs: SOON_MS }, ({ spec }) => spec['maxReplicas'] === 3);
  await changed(context, model, { serving: { replicas: 1, autoscaling: null } });
  await kube.untilAny({ what: 'the autoscaler is gone', deadlineMs: SOON_MS }, async () => kube.find(AUTOSCALERS, model), (found) => found === undefined);
  await untilServing(kube, model, { deadlineMs: SOON_MS });
  await scheduled(context, model);
}

/** The retention CronJob comes, changes and goes. */
async function scheduled(context: ClaimContext, model: string): Promise<void> {
  const { kube, progress } = context;
  progress('a retention Job, with another duration, and none');
  const retention = `${model}-retention`;
  await kube.patch(MODELS, model, { spec: { retention: { raw: '720h' } } });
  await kube.untilAny({ what: 'there is a retention Job', deadlineMs: SOON_MS }, async () => kube.find(CRON_JOBS, retention), (found) => found !== undefined);
  await kube.patch(MODELS, model, { spec: { retention: { raw: '721h' } } });
  await kube.until(CRON_JOBS, retention, { what: 'it knows the other duration', deadlineMs: SOON_MS }, ({ spec }) => JSON.stringify(spec).includes('721h'));
  await kube.patch(MODELS, model, { spec: { retention: null } });
  await kube.untilAny({ what: 'it is gone', deadlineMs: SOON_MS }, async () => kube.find(CRON_JOBS, retention), (found) => found === undefined);
}

async function policyForgotten({ kube, progress }: ClaimContext, model: string): Promise<void> {
  progress('a NetworkPolicy of the model that is no longer wanted');
  const former = `${model}-former`;
  const { metadata, spec } = await kube.get(MODELS, model);
  const ownerReferences = [ownerOf({ name: model, namespace: kube.namespace, uid: metadata.uid, spec, annotations: {} })];
  const policy = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: former, labels: { [LABELS.model]: model }, ownerReferences }, spec: { podSelector: { matchLabels: { none: 'none' } } } };
  await kube.apply(policy);
  await kube.untilAny({ what: 'it is gone', deadlineMs: SOON_MS }, async () => kube.find(NETWORK_POLICIES, former), (found) => found === undefined);
}

/** No pod is admitted meanwhile: an inspection that had ended would leave the operator no Job to delete. */
async function takenBackInInspection(context: ClaimContext, model: string): Promise<void> {
  const { kube } = context;
  const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'no-pods' }, spec: { hard: { pods: '0' } } };
  const inspections = async (): Promise<readonly string[]> => (await kube.list(JOBS, { labelSelector: `${LABELS.model}=${model},${LABELS.component}=inspect` })).map(({ metadata }) => metadata.uid);
  const before = await inspections();
  const running = async (): Promise<number> => (await inspections()).filter((uid) => !before.includes(uid)).length;
  await kube.apply(quota);
  await kube.patch(MODELS, model, { spec: { model: { version: VERSIONS.shuffled } } });
  await kube.untilAny({ what: `${VERSIONS.shuffled} is inspected`, deadlineMs: SOON_MS }, running, (jobs) => jobs > 0);
  await kube.patch(MODELS, model, { spec: { model: { version: VERSIONS.better } } });
  await kube.untilAny({ what: 'its Job is gone', deadlineMs: SOON_MS }, running, (jobs) => jobs === 0);
  await kube.delete(RESOURCE_QUOTAS, 'no-pods');
}

/** A version that comes as far as the reason says, and is then no longer wanted. */
async function takenBack({ kube }: ClaimContext, model: string, reason: string): Promise<void> {
  await kube.patch(MODELS, model, { spec: { model: { version: VERSIONS.shuffled } } });
  await kube.until(MODELS, model, { what: `${VERSIONS.shuffled}: ${reason}`, deadlineMs: SOON_MS }, (seen) => seen.status?.candidate?.version === VERSIONS.shuffled && conditionOf(seen, 'Progressing')?.reason === reason);
  await kube.patch(MODELS, model, { spec: { model: { version: VERSIONS.better } } });
  await kube.until(MODELS, model, { what: 'it is taken back', deadlineMs: SOON_MS }, ({ status }) => status?.candidate === undefined);
}
