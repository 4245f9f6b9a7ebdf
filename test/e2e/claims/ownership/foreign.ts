import type { DesiredObject, KubeObject } from '../../../../operator/runtime/kube-object.ts';
import type { ResourceKind } from '../../../../operator/runtime/resource-kind.ts';
import type { ClaimContext } from '../../context.ts';
import { DEPLOYMENTS, MODELS, SERVICE_ACCOUNTS, SERVICES } from '../../kinds.ts';
import { churnModel } from '../../manifest.ts';
import { conditionOf, untilServing } from '../../serving.ts';

const REASON = 'NameConflict';

/** Somebody's object in the way of a model's child. */
type InTheWay = Readonly<{ kind: ResourceKind<KubeObject>; model: string; object: DesiredObject }>;

/**
 * Objects of others bear the names of children before their models come. They are reported, stay as they are, and once they
 * are gone the model serves without anybody's help.
 * @param deploymentSuffix what follows the model's name in the name of its Deployment
 * @returns how many objects
 */
export async function foreignObjects(context: ClaimContext, deploymentSuffix: string): Promise<number> {
  const { kube, progress, namespace } = context;
  const all = objectsInTheWay(deploymentSuffix);
  progress(`foreign objects in the way of ${all.map(({ model }) => model).join(', ')}`);
  const before = new Map<string, string | undefined>();
  for (const { kind, model, object } of all) {
    await kube.client.create(kind, { ...object, metadata: { ...object.metadata, namespace } }, context.signal);
    await kube.apply(churnModel({ name: model, spec: { serving: { replicas: 1 } } }));
    // The Deployment controller writes once, too: what counts is the spec's generation there.
    before.set(model, mark(kind, await kube.get(kind, object.metadata.name)));
  }
  for (const each of all) await isReported(context, each);
  // Every further change of the model makes the operator look again.
  for (const { model } of all) await kube.patch(MODELS, model, { metadata: { annotations: { 'example.com/look': 'again' } } });
  for (const { kind, model, object } of all) {
    const after = mark(kind, await kube.get(kind, object.metadata.name));
    context.check(`not touched: foreign ${kind.kind}`, after === before.get(model), `before ${before.get(model) ?? ''}, after ${after}`);
  }
  progress('taking them away');
  for (const { kind, object } of all) await kube.delete(kind, object.metadata.name);
  const startedMs = Date.now();
  for (const { kind, model } of all) {
    await untilServing(kube, model, { deadlineMs: 120_000 });
    context.check(`heals without a hand: ${kind.kind}`, true, `${model} serves ${((Date.now() - startedMs) / 1000).toFixed(0)} s after the object was taken away`);
  }
  for (const { model } of all) await kube.delete(MODELS, model);
  return all.length;
}

async function isReported({ kube, check }: ClaimContext, { kind, model, object }: InTheWay): Promise<void> {
  const what = `${kind.kind} ${object.metadata.name}`;
  const reported = await kube.until(MODELS, model, { what: `${what} reported`, deadlineMs: 120_000 }, (seen) => conditionOf(seen, 'Progressing')?.reason === REASON);
  const message = conditionOf(reported, 'Progressing')?.message ?? '';
  check(`reported in status: foreign ${kind.kind}`, message.includes(what), message);
  const events = await kube.untilAny(
    { what: `event about ${what}`, deadlineMs: 20_000 },
    async () => kube.events(model),
    (seen) => seen.some(({ reason }) => reason === REASON),
  );
  const event = events.find(({ reason }) => reason === REASON);
  check(`reported by an event: foreign ${kind.kind}`, event?.type === 'Warning' && (event.note ?? '').includes(what), event?.note ?? '');
}

function objectsInTheWay(deploymentSuffix: string): readonly InTheWay[] {
  const labels = { team: 'somebody-else' };
  const container = {
    name: 'other',
    image: 'localhost/other:1',
    securityContext: { allowPrivilegeEscalation: false, runAsNonRoot: true, capabilities: { drop: ['ALL'] }, seccompProfile: { type: 'RuntimeDefault' } },
  };
  const template = { metadata: { labels }, spec: { containers: [container] } };
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'foreign-service', labels }, spec: { selector: labels, ports: [{ port: 80 }] } };
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'foreign-account', labels } };
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: `foreign-deployment${deploymentSuffix}`, labels }, spec: { replicas: 0, selector: { matchLabels: labels }, template } };
  return [
    { kind: SERVICES, model: 'foreign-service', object: service },
    { kind: SERVICE_ACCOUNTS, model: 'foreign-account', object: account },
    { kind: DEPLOYMENTS, model: 'foreign-deployment', object: deployment },
  ];
}

/** By what a write would be seen. */
function mark(kind: ResourceKind<KubeObject>, { metadata }: KubeObject): string {
  const version = kind === DEPLOYMENTS ? `generation ${metadata.generation ?? 0}` : `resourceVersion ${metadata.resourceVersion}`;
  return `uid ${metadata.uid}, ${version}, ${JSON.stringify({ labels: metadata.labels, owners: metadata.ownerReferences ?? [] })}`;
}
