import type { ClaimContext } from '../../context.ts';
import { LABELS } from '../../../../contracts/names.ts';
import { ownerOf } from '../../../../operator/resources/subject.ts';
import { AUTOSCALERS, MODELS, NETWORK_POLICIES, SERVICE_ACCOUNTS } from '../../kinds.ts';
import { churnModel, VERSIONS } from '../../manifest.ts';
import { untilServing } from '../../serving.ts';

const SOON_MS = 120_000;

/** Everything that makes the operator ask for something: create, change, scale, take back, forget, put back, delete. */
export async function exercise(context: ClaimContext, model: string): Promise<void> {
  const { kube, progress } = context;
  const version = (name: string) => kube.patch(MODELS, model, { spec: { model: { version: name } } });
  progress('create');
  // Nothing drains and nothing is kept: what is replaced is deleted at once.
  await kube.apply(churnModel({ name: model, spec: { rollout: { rollbackWindow: '1s' } } }));
  await untilServing(kube, model, { deadlineMs: SOON_MS, version: VERSIONS.decent });
  progress('another version, and scale');
  await version(VERSIONS.better);
  await untilServing(kube, model, { deadlineMs: SOON_MS, version: VERSIONS.better });
  await kube.patch(MODELS, model, { spec: { serving: { replicas: 1 } } });
  await untilServing(kube, model, { deadlineMs: SOON_MS });
  progress('an autoscaler with other bounds, and a number again');
  const sized = (serving: object) => kube.patch(MODELS, model, { spec: { serving } });
  await sized({ replicas: null, autoscaling: { minReplicas: 1, maxReplicas: 2 }, resources: { requests: { cpu: '100m' } } });
  await kube.untilAny({ what: 'there is an autoscaler', deadlineMs: SOON_MS }, () => kube.find(AUTOSCALERS, model), (found) => found !== undefined);
  await sized({ autoscaling: { maxReplicas: 3 } });
  await kube.until(AUTOSCALERS, model, { what: 'the autoscaler has the other bound', deadlineMs: SOON_MS }, ({ spec }) => spec['maxReplicas'] === 3);
  await sized({ replicas: 1, autoscaling: null });
  await kube.untilAny({ what: 'the autoscaler is gone', deadlineMs: SOON_MS }, () => kube.find(AUTOSCALERS, model), (found) => found === undefined);
  await untilServing(kube, model, { deadlineMs: SOON_MS });
  progress('a NetworkPolicy of the model that is no longer wanted');
  const former = `${model}-former`;
  const { metadata, spec } = await kube.get(MODELS, model);
  const ownerReferences = [ownerOf({ name: model, namespace: kube.namespace, uid: metadata.uid, spec, annotations: {} })];
  const policy = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: former, labels: { [LABELS.model]: model }, ownerReferences }, spec: { podSelector: { matchLabels: { none: 'none' } } } };
  await kube.apply(policy);
  await kube.untilAny({ what: 'it is gone', deadlineMs: SOON_MS }, () => kube.find(NETWORK_POLICIES, former), (found) => found === undefined);
  progress('a version that is overtaken by another one while it is inspected');
  await version(VERSIONS.shuffled);
  await kube.until(MODELS, model, { what: 'an inspection has begun', deadlineMs: SOON_MS }, ({ status }) => status?.candidate?.version === VERSIONS.shuffled);
  await version(VERSIONS.better);
  progress('a child changed by hand');
  await kube.patch(SERVICE_ACCOUNTS, model, { metadata: { labels: { 'app.kubernetes.io/managed-by': 'a-hand' } } });
  await kube.until(SERVICE_ACCOUNTS, model, { what: 'the account is put back', deadlineMs: SOON_MS }, ({ metadata }) => metadata.labels?.['app.kubernetes.io/managed-by'] === 'churnops');
}
