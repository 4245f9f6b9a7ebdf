import { z } from 'zod';
import { LABELS } from '../../../../contracts/names.ts';
import { sleep, systemClock } from '../../../../operator/runtime/clock.ts';
import { StoredObject } from '../../../../operator/runtime/kube-object.ts';
import type { KubeObject } from '../../../../operator/runtime/kube-object.ts';
import type { ResourceKind } from '../../../../operator/runtime/resource-kind.ts';
import type { ChurnModel } from '../../../../contracts/churn-model/churn-model.ts';
import type { Kube } from '../../kube.ts';
import { MODELS } from '../../kinds.ts';
import type { Json } from './values.ts';

const LOOK_EVERY_MS = 250;

/** What a model may own; a kind that the operator learns to make belongs here. */
const OWNED = [
  ['apps', 'v1', 'deployments', 'Deployment'],
  ['', 'v1', 'services', 'Service'],
  ['', 'v1', 'serviceaccounts', 'ServiceAccount'],
  ['', 'v1', 'configmaps', 'ConfigMap'],
  ['', 'v1', 'secrets', 'Secret'],
  ['batch', 'v1', 'jobs', 'Job'],
  ['batch', 'v1', 'cronjobs', 'CronJob'],
  ['autoscaling', 'v2', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler'],
  ['policy', 'v1', 'poddisruptionbudgets', 'PodDisruptionBudget'],
  ['networking.k8s.io', 'v1', 'networkpolicies', 'NetworkPolicy'],
] as const;

const KINDS: readonly ResourceKind<KubeObject>[] = OWNED.map(([group, version, plural, kind]) => ({ group, version, plural, kind, namespaced: true, schema: StoredObject }));
const JsonValue: z.ZodType<Json> = z.json();

/** A model and what it owns, seen at one look: the model first, so that its children are at least as new as its status. */
export type Seen = Readonly<{ model: ChurnModel; owned: readonly KubeObject[] }>;

/** All models of a namespace with their children, looked at a few times a second for all who wait. */
export class World {
  readonly #kube: Kube;
  #latest: ReadonlyMap<string, Seen> = new Map();
  #looks = 0;

  constructor(kube: Kube) {
    this.#kube = kube;
  }

  /** Looks until the signal aborts. */
  async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#look();
      await sleep(systemClock, LOOK_EVERY_MS, signal).catch(() => {});
    }
  }

  /** The model as it was last seen; `look` counts looks, so that one can wait for a later one. */
  seen(model: string): Readonly<{ look: number; seen: Seen | undefined }> {
    return { look: this.#looks, seen: this.#latest.get(model) };
  }

  async #look(): Promise<void> {
    const models = await this.#kube.list(MODELS);
    const objects = (await Promise.all(KINDS.map(async (kind) => this.#kube.list(kind, { labelSelector: LABELS.model })))).flat();
    const byModel = Map.groupBy(objects, ({ metadata }) => metadata.labels?.[LABELS.model] ?? '');
    this.#latest = new Map(models.map((model) => [model.metadata.name, { model, owned: byModel.get(model.metadata.name) ?? [] }]));
    this.#looks += 1;
  }
}

/** What the API server and its controllers fill in or count up. */
const FOREIGN_FIELDS = new Set(['status', 'clusterIP', 'clusterIPs', 'secrets', 'ipFamilies']);
const FOREIGN_ANNOTATIONS = new Set(['deployment.kubernetes.io/revision', 'churnops.dev/applied']);

/** All that was declared of objects, by kind and name. */
export function declared(owned: readonly KubeObject[]): Json {
  const entries = owned.map((object): readonly [string, Json] => {
    const { metadata, kind, ...rest } = object;
    const annotations = Object.fromEntries(Object.entries(metadata.annotations ?? {}).filter(([name]) => !FOREIGN_ANNOTATIONS.has(name)));
    return [`${kind} ${metadata.name}`, { labels: metadata.labels ?? {}, annotations, rest: withoutForeign(rest) }];
  });
  return Object.fromEntries(entries.toSorted(([a], [b]) => a.localeCompare(b)));
}

function withoutForeign(value: unknown): Json {
  return JsonValue.parse(JSON.parse(JSON.stringify(value, (field, inner: unknown) => (FOREIGN_FIELDS.has(field) ? undefined : inner))));
}

/**
 * What may stay of a change that was taken back: history that the model keeps on purpose, each with its reason. All else must be as before.
 * A new field of the status that remembers belongs here, or is compared.
 */
export const HISTORY = {
  'Job': 'an inspection leaves its Job for its log',
  'Deployment of status.previous': 'a version that served once is kept at zero pods until rollbackWindow ends; a Deployment of any other version must go',
  'status.previous': 'it says which version that is; never the one that serves',
  'status.rejected': 'a version that was refused may not come back by itself; the one that serves is never among them',
} as const;

/**
 * What must be as before once a change is taken back.
 * @param thorough also what the status remembers, and Deployments at zero replicas, but for {@link HISTORY}
 */
export function lasting({ model, owned }: Seen, { thorough }: Readonly<{ thorough: boolean }>): Json {
  const stable = model.status?.stable?.hash.slice(0, 8) ?? '';
  const { phase, conditions, candidate, previous, rejected, latest, retention } = model.status ?? {};
  const isHistory = (object: KubeObject): boolean => {
    const hash = object.metadata.labels?.[LABELS.hash] ?? '';
    if (object.kind !== 'Deployment' || hash === stable || replicasOf(object) !== 0) return object.kind === 'Job';
    return !thorough || previous?.hash.slice(0, 8) === hash;
  };
  const told = (conditions ?? []).map(({ type, status, reason, message }) => ({ type, status, reason: reason ?? '', message: message ?? '' }));
  const remembered = {
    previousServes: previous !== undefined && previous.hash.slice(0, 8) === stable,
    rejectedServes: (rejected ?? []).some(({ hash }) => hash !== undefined && hash.slice(0, 8) === stable),
    latest: latest === undefined ? 'none' : `${latest.version} ${latest.code ?? ''}`,
    retention: retention === undefined ? 'none' : `${retention.outcome} ${retention.reason}`,
  };
  return { owned: declared(owned.filter((object) => !isHistory(object))), phase: phase ?? '', stable, candidate: candidate === undefined ? 'none' : 'on its way', conditions: told, ...(thorough ? { remembered } : {}) };
}

function replicasOf(object: KubeObject): number | undefined {
  return z.looseObject({ spec: z.looseObject({ replicas: z.number() }) }).safeParse(object).data?.spec.replicas;
}
