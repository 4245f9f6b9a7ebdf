import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { ClaimContext } from '../../context.ts';
import { PredictionKeys } from '../../../../contracts/feedback.ts';
import { SECRETS as NAMES } from '../../../../contracts/names.ts';
import { SYSTEM_NAMESPACE } from '../../context.ts';
import { MODELS, SECRETS } from '../../kinds.ts';
import { cardOf, telcoCustomers } from '../../load/customers.ts';
import { churnModel, STORAGE, VERSIONS } from '../../manifest.ts';
import { conditionOf } from '../../serving.ts';

/** Words that stand for what is secret: they may be nowhere but where they were put. */
export type Canaries = Readonly<Record<string, string>>;

const MODEL = 'locked-out';

/** Puts canaries into a Secret that opens nothing, and waits until the operator has learned, and told, that it does not. */
export async function plantInSecret({ kube, namespace, progress }: ClaimContext): Promise<Canaries> {
  const canaries = { 'key of the store': `CANARYKEY${randomUUID().slice(0, 8).toUpperCase()}`, 'secret of the store': `canary-secret-${randomUUID()}`, 'session token': `canary-session-${randomUUID()}` };
  const [key = '', secret = '', session = ''] = Object.values(canaries);
  const data = Object.fromEntries(Object.entries({ AWS_ACCESS_KEY_ID: key, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: session }).map(([name, value]) => [name, Buffer.from(value).toString('base64')]));
  const object = { apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name: MODEL }, data };
  await kube.client.create(SECRETS, object, AbortSignal.timeout(30_000));
  progress('a model whose keys open nothing');
  await kube.apply(churnModel({ name: MODEL, spec: { storage: { endpoint: STORAGE.endpoint, credentials: { serving: { secretRef: { name: MODEL } } } } } }));
  await kube.until(MODELS, MODEL, { what: 'the status says that the store refuses the keys', deadlineMs: 90_000 }, (model) => /Store|Credential|Access/i.test(`${conditionOf(model, 'Progressing')?.reason ?? ''} ${model.status?.message ?? ''}`));
  return canaries;
}

function tensor(name: string | undefined, data: readonly unknown[]) {
  return { name, datatype: 'BYTES', shape: [data.length], data };
}

/** Sends customers whose fields are canaries, in both protocols, well and badly: answers, refusals, bodies that are no JSON. @param url of the model's Service */
export async function plantInCalls(url: string, model: string): Promise<Canaries> {
  const canaries = { 'customer id': `canary-id-${randomUUID()}`, category: `canary-category-${randomUUID()}`, 'unknown column': `canary-column-${randomUUID()}`, 'broken body': `canary-body-${randomUUID()}`, 'tensor value': `canary-tensor-${randomUUID()}`, 'tensor name': `canary-name-${randomUUID()}` };
  const [customer] = await telcoCustomers(await cardOf(VERSIONS.decent));
  if (customer === undefined) throw new Error('there are no customers');
  const [id, category, column, broken, value, name] = Object.values(canaries);
  const row = { ...customer.instance, customerID: id, Contract: category, [column ?? '']: column };
  const bodies = [JSON.stringify({ instances: [row] }), JSON.stringify({ instances: [{ ...row, tenure: category }] }), JSON.stringify({ instances: [{ customerID: id }] }), `{"instances": [{"customerID": "${broken ?? ''}"`, JSON.stringify({ instances: broken })];
  const tensors = [
    { id: value, inputs: Object.entries({ ...customer.instance, customerID: value }).map(([column, field]) => tensor(column, [String(field)])) },
    { inputs: [tensor('Contract', [value]), tensor(name, [value])] },
    { inputs: [{ ...tensor('Contract', [value]), shape: [7] }] },
    { inputs: [tensor('tenure', [value])], outputs: [{ name }] },
  ];
  const calls = [...bodies.map((body) => ({ path: `/v1/models/${model}:predict`, body })), ...tensors.map((body) => ({ path: `/v2/models/${model}/infer`, body: JSON.stringify(body) }))];
  for (const { path, body } of calls) {
    const answer = await fetch(`${url}${path}`, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
    await answer.text();
  }
  return canaries;
}

function text(base64: string | undefined): string {
  return Buffer.from(base64 ?? '', 'base64').toString('utf8').trim();
}

/** What the operator made for a model: the token of `:feedback`, the one before it, and the keys of prediction ids. */
export async function madeByOperator({ kube }: ClaimContext, model: string): Promise<Canaries> {
  const { feedback, predictionKeys } = NAMES;
  const tokens = (await kube.get(SECRETS, `${model}-${feedback.suffix}`)).data;
  const { keys } = PredictionKeys.parse(JSON.parse(text((await kube.get(SECRETS, `${model}-${predictionKeys.suffix}`)).data[predictionKeys.keys])));
  const previous = text(tokens[feedback.previousToken]);
  return {
    'token of :feedback': text(tokens[feedback.token]),
    ...(previous === '' ? {} : { 'token before it': previous }),
    ...Object.fromEntries(keys.map(({ secret }, index) => [`key ${index + 1} of prediction ids`, secret])),
  };
}

const Pods = z.looseObject({ items: z.array(z.looseObject({ metadata: z.looseObject({ name: z.string() }), status: z.looseObject({ containerStatuses: z.array(z.looseObject({ name: z.string(), restartCount: z.number() })).default([]) }) })) });

/** Everything that somebody could read: logs of all our processes, every object but Secrets (status, events, ConfigMaps, termination messages). */
export async function whatCanBeRead({ kube, namespace }: ClaimContext, auditLog: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const place of [namespace, SYSTEM_NAMESPACE]) {
    const { items } = Pods.parse(JSON.parse(await kube.kubectl('--namespace', place, 'get', 'pods', '--output=json')));
    for (const { metadata, status } of items) {
      // A pod that is gone meanwhile has no log to read.
      found.set(`log of ${metadata.name}`, await kube.kubectl('--namespace', place, 'logs', metadata.name, '--all-containers', '--ignore-errors').catch(() => ''));
      for (const { name, restartCount } of status.containerStatuses) {
        if (restartCount > 0) found.set(`log of ${metadata.name} before its restart`, await kube.kubectl('--namespace', place, 'logs', metadata.name, '--container', name, '--previous').catch(() => ''));
      }
    }
    const kinds = (await kube.kubectl('api-resources', '--namespaced', '--verbs=list', '--output=name')).split('\n').filter((kind) => kind !== 'secrets' && !kind.endsWith('.metrics.k8s.io'));
    found.set(`objects in ${place}`, await kube.kubectl('--namespace', place, 'get', kinds.join(','), '--output=json'));
  }
  found.set('audit log', auditLog);
  return found;
}

/** A word as it is, and as a Secret or an address would hold it. */
function forms(value: string): readonly string[] {
  return [value, Buffer.from(value).toString('base64').replace(/=+$/, ''), encodeURIComponent(value)];
}

/** Where canaries are, as words. */
export function leaks(canaries: Canaries, readable: ReadonlyMap<string, string>): readonly string[] {
  return Object.entries(canaries).flatMap(([what, value]) => [...readable].filter(([, text]) => forms(value).some((form) => text.includes(form))).map(([where]) => `${what} in ${where}`));
}
