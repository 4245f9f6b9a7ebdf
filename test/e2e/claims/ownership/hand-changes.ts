import { isDeepStrictEqual } from 'node:util';
import { LABELS } from '../../../../contracts/names.ts';
import type { MergePatch } from '../../../../operator/runtime/api-client.ts';
import type { KubeObject } from '../../../../operator/runtime/kube-object.ts';
import type { ResourceKind } from '../../../../operator/runtime/resource-kind.ts';
import type { ClaimContext } from '../../context.ts';
import { DEPLOYMENTS, PODS, SERVICE_ACCOUNTS, SERVICES } from '../../kinds.ts';
import { churnModel } from '../../manifest.ts';
import { untilServing } from '../../serving.ts';
import { NotInTime } from '../../until.ts';

const MODEL = 'owned';
const DEADLINE_MS = 20_000;
const OPERATOR = { [LABELS.component]: 'operator' };

/** What came of it; `deployment` is the name that every model of this package's hash gives its Deployment, after the model's own name. */
export type HandChanges = Readonly<{ count: number; slowestMs: number; deployment: string }>;

type Change = Readonly<{ what: string; kind: ResourceKind<KubeObject>; name: string; patch: MergePatch }>;

/** Changes and deletes children of a serving model, one after the other, and looks that each is as before. */
export async function handChanges(context: ClaimContext): Promise<HandChanges> {
  const { kube, progress } = context;
  progress(`a model to change the children of: ${MODEL}`);
  await kube.apply(churnModel({ name: MODEL, spec: { serving: { replicas: 1 } } }));
  await untilServing(kube, MODEL, { deadlineMs: 180_000 });
  const [deployment] = await kube.list(DEPLOYMENTS, { labelSelector: `${LABELS.model}=${MODEL}` });
  if (deployment === undefined) throw new Error(`${MODEL} serves without a Deployment`);
  const { name } = deployment.metadata;

  const took: number[] = [];
  for (const change of changesOf(name)) took.push(await isPutBack(context, change));
  for (const kind of [SERVICE_ACCOUNTS, SERVICES]) took.push(await comesBack(context, kind, MODEL));
  took.push(await comesBack(context, DEPLOYMENTS, name));
  await foreignFieldsStay(context, name);
  if (context.form === 'full') took.push(await isPutBackByANewOperator(context));
  const model = await untilServing(kube, MODEL, { deadlineMs: 120_000 });
  context.check('serves again after all changes', true, `Ready, ${model.status?.stable?.version ?? ''}`);
  return { count: took.length, slowestMs: Math.max(...took), deployment: name.slice(MODEL.length) };
}

function changesOf(deployment: string): readonly Change[] {
  const container = { name: 'serve', image: 'localhost/other:1' };
  return [
    { what: 'Service: selector', kind: SERVICES, name: MODEL, patch: { spec: { selector: { [LABELS.hash]: '00000000' } } } },
    { what: 'Service: port', kind: SERVICES, name: MODEL, patch: { spec: { ports: [{ name: 'http', port: 80, targetPort: 1 }] } } },
    { what: 'Service: label removed', kind: SERVICES, name: MODEL, patch: { metadata: { labels: { [LABELS.managedBy]: null } } } },
    { what: 'ServiceAccount: automount', kind: SERVICE_ACCOUNTS, name: MODEL, patch: { automountServiceAccountToken: true } },
    { what: 'ServiceAccount: label changed', kind: SERVICE_ACCOUNTS, name: MODEL, patch: { metadata: { labels: { [LABELS.model]: 'another' } } } },
    { what: 'Deployment: replicas', kind: DEPLOYMENTS, name: deployment, patch: { spec: { replicas: 3 } } },
    { what: 'Deployment: replicas to none', kind: DEPLOYMENTS, name: deployment, patch: { spec: { replicas: 0 } } },
    { what: 'Deployment: label of the model changed', kind: DEPLOYMENTS, name: deployment, patch: { metadata: { labels: { [LABELS.model]: 'another' } } } },
    { what: 'Deployment: label of the version changed', kind: DEPLOYMENTS, name: deployment, patch: { metadata: { labels: { [LABELS.hash]: '00000000' } } } },
    { what: 'Deployment: annotation removed', kind: DEPLOYMENTS, name: deployment, patch: { metadata: { annotations: { 'churnops.dev/version': null } } } },
    { what: 'Deployment: strategy', kind: DEPLOYMENTS, name: deployment, patch: { spec: { strategy: { rollingUpdate: { maxUnavailable: 1 } } } } },
    { what: 'Deployment: token mounted', kind: DEPLOYMENTS, name: deployment, patch: { spec: { template: { spec: { automountServiceAccountToken: true } } } } },
    // A merge patch replaces lists: the container is left with a name and an image, without environment, probes and mounts.
    { what: 'Deployment: container replaced', kind: DEPLOYMENTS, name: deployment, patch: { spec: { template: { spec: { containers: [container] } } } } },
  ];
}

/** @returns how long it took */
async function isPutBack({ kube, check }: ClaimContext, { what, kind, name, patch }: Change): Promise<number> {
  const before = formOf(await kube.get(kind, name));
  const patched = await kube.patch(kind, name, patch);
  const startedMs = Date.now();
  if (isDeepStrictEqual(formOf(patched), before)) throw new Error(`${what}: the patch changed nothing, so nothing can be put back`);
  return timed(() => kube.until(kind, name, { what: `${what} put back`, deadlineMs: DEADLINE_MS }, (now) => isDeepStrictEqual(formOf(now), before)), startedMs, `put back: ${what}`, check);
}

async function comesBack({ kube, check }: ClaimContext, kind: ResourceKind<KubeObject>, name: string): Promise<number> {
  const before = await kube.get(kind, name);
  await kube.delete(kind, name);
  const startedMs = Date.now();
  const isNew = (now: KubeObject): boolean =>
    now.metadata.uid !== before.metadata.uid && now.metadata.deletionTimestamp === undefined && isDeepStrictEqual(withoutAddress(formOf(now)), withoutAddress(formOf(before)));
  return timed(() => kube.until(kind, name, { what: `deleted ${kind.kind} comes back`, deadlineMs: DEADLINE_MS }, isNew), startedMs, `comes back: ${kind.kind}`, check);
}

/** Other people's labels and annotations beside ours are theirs. */
async function foreignFieldsStay({ kube, check }: ClaimContext, deployment: string): Promise<void> {
  await kube.patch(DEPLOYMENTS, deployment, { metadata: { labels: { team: 'retention' }, annotations: { 'example.com/note': 'ours' } } });
  // Something of ours changes, too: once that is put back, the operator has looked at the object.
  await kube.patch(DEPLOYMENTS, deployment, { metadata: { labels: { [LABELS.managedBy]: 'hand' } } });
  const after = await kube.until(DEPLOYMENTS, deployment, { what: 'our label put back', deadlineMs: DEADLINE_MS }, ({ metadata }) => metadata.labels?.[LABELS.managedBy] === 'churnops');
  const { labels, annotations } = after.metadata;
  check('left alone: labels and annotations of others on a child', labels?.['team'] === 'retention' && annotations?.['example.com/note'] === 'ours', JSON.stringify({ labels, annotations }));
}

/** What changes while the operator is away is seen when it comes back. */
async function isPutBackByANewOperator(context: ClaimContext): Promise<number> {
  const { kube } = context;
  const selector = Object.entries(OPERATOR).map(([key, value]) => `${key}=${value}`).join(',');
  for (const { metadata } of await kube.list(PODS, { namespace: 'churnops', labelSelector: selector })) await kube.delete(PODS, { namespace: 'churnops', name: metadata.name });
  return isPutBack(context, { what: 'Service: selector, the operator killed just before', kind: SERVICES, name: MODEL, patch: { spec: { selector: { [LABELS.hash]: '00000000' } } } });
}

async function timed(wait: () => Promise<KubeObject>, startedMs: number, name: string, check: ClaimContext['check']): Promise<number> {
  try {
    await wait();
    const tookMs = Date.now() - startedMs;
    check(name, true, `after ${(tookMs / 1000).toFixed(1)} s`);
    return tookMs;
  } catch (thrown) {
    if (!(thrown instanceof NotInTime)) throw thrown;
    check(name, false, thrown.message);
    return Date.now() - startedMs;
  }
}

/** All of an object that a hand could change, without what the API server and other controllers count up. */
function formOf(object: KubeObject): Record<string, unknown> {
  const { metadata, ...rest } = object;
  const { 'deployment.kubernetes.io/revision': _, ...annotations } = metadata.annotations ?? {};
  const fields = Object.entries(rest).filter(([field]) => field !== 'status' && field !== 'secrets');
  return { ...Object.fromEntries(fields), labels: metadata.labels, annotations, owners: metadata.ownerReferences };
}

/** A new Service gets another address. */
function withoutAddress(form: Record<string, unknown>): unknown {
  return JSON.parse(JSON.stringify(form, (key, value: unknown) => (key === 'clusterIP' || key === 'clusterIPs' ? undefined : value)));
}
