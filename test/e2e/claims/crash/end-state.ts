import { AUTOSCALERS, CRON_JOBS, DEPLOYMENTS, DISRUPTION_BUDGETS, JOBS, NETWORK_POLICIES, SERVICE_ACCOUNTS, SERVICES } from '../../../../operator/observation/kinds.ts';
import { LABELS } from '../../../../contracts/names.ts';
import { StoredObject, type KubeObject } from '../../../../operator/runtime/kube-object.ts';
import type { ResourceKind } from '../../../../operator/runtime/resource-kind.ts';
import { CHURN_MODELS } from '../../kinds.ts';
import type { Kube } from '../../kube.ts';

/** Everything of a model that the operator writes, one value per path, without what differs from model to model. */
export type EndState = ReadonlyMap<string, string>;

const CHILDREN: readonly ResourceKind<KubeObject>[] = [DEPLOYMENTS, SERVICES, SERVICE_ACCOUNTS, JOBS, CRON_JOBS, AUTOSCALERS, DISRUPTION_BUDGETS, NETWORK_POLICIES].map((kind) => ({ ...kind, schema: StoredObject }));
/** The API server's own, another time's, or (of children) what controllers and pods make of them. */
const IGNORED = new Set(['uid', 'resourceVersion', 'creationTimestamp', 'clusterIP', 'clusterIPs', 'controller-uid', 'batch.kubernetes.io/controller-uid', 'churnops.dev/applied']);
const TIME = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

/** Reads it from the API server. */
export async function endStateOf(kube: Kube, model: string): Promise<EndState> {
  const state = new Map<string, string>();
  const generic = { ...CHURN_MODELS, schema: StoredObject };
  const own = await kube.find(generic, model);
  const uid = own?.metadata.uid ?? '-';
  if (own !== undefined) flatten(own, 'ChurnModel', state, { model, uid });
  for (const kind of CHILDREN) {
    const objects = await kube.list(kind, { labelSelector: `${LABELS.model}=${model}` });
    const named = objects.map((object) => ({ object, name: plain(object.metadata.name, { model, uid }) }));
    const counts = new Map<string, number>();
    for (const { object, name } of named.toSorted((a, b) => (a.object.metadata.creationTimestamp ?? '').localeCompare(b.object.metadata.creationTimestamp ?? ''))) {
      const nth = (counts.get(name) ?? 0) + 1;
      counts.set(name, nth);
      flatten({ ...object, status: undefined }, `${kind.kind} ${name}#${nth}`, state, { model, uid });
    }
  }
  return state;
}

/** Paths whose values are not the same in all of these: they are left out of comparisons. */
export function varyingPaths(references: readonly EndState[]): ReadonlySet<string> {
  const paths = new Set(references.flatMap((reference) => [...reference.keys()]));
  return new Set([...paths].filter((path) => new Set(references.map((reference) => reference.get(path))).size > 1));
}

/** What is not as in the reference, but for paths that vary by themselves. */
export function differences(reference: EndState, seen: EndState, varying: ReadonlySet<string>): readonly string[] {
  const paths = [...new Set([...reference.keys(), ...seen.keys()])].filter((path) => !varying.has(path));
  return paths.filter((path) => reference.get(path) !== seen.get(path)).map((path) => `${path}: ${reference.get(path) ?? 'absent'} became ${seen.get(path) ?? 'absent'}`);
}

type Names = Readonly<{ model: string; uid: string }>;

function flatten(value: unknown, path: string, into: Map<string, string>, names: Names): void {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) flatten(item, `${path}[${index}]`, into, names);
  } else if (typeof value === 'object' && value !== null) {
    for (const [field, inner] of Object.entries(value)) if (!IGNORED.has(field)) flatten(inner, `${path}.${plain(field, names)}`, into, names);
  } else if (value !== undefined) {
    into.set(path, typeof value === 'string' ? plain(value, names) : JSON.stringify(value));
  }
}

/** A text without the model's name, its uid, times, and the digest in a Job's name, which is made of a time. */
function plain(text: string, { model, uid }: Names): string {
  if (TIME.test(text)) return 'TIME';
  return text.replaceAll(uid, 'UID').replaceAll(model, 'MODEL').replaceAll(/MODEL-inspect-[0-9a-f]{8}/g, 'MODEL-inspect');
}
