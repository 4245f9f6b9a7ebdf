import type { ClaimContext } from '../../context.ts';
import { MODELS, SERVICE_ACCOUNTS } from '../../kinds.ts';
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
  progress('a version that is overtaken by another one while it is inspected');
  await version(VERSIONS.shuffled);
  await kube.until(MODELS, model, { what: 'an inspection has begun', deadlineMs: SOON_MS }, ({ status }) => status?.candidate?.version === VERSIONS.shuffled);
  await version(VERSIONS.better);
  progress('a child changed by hand');
  await kube.patch(SERVICE_ACCOUNTS, model, { metadata: { labels: { 'app.kubernetes.io/managed-by': 'a-hand' } } });
  await kube.until(SERVICE_ACCOUNTS, model, { what: 'the account is put back', deadlineMs: SOON_MS }, ({ metadata }) => metadata.labels?.['app.kubernetes.io/managed-by'] === 'churnops');
}
