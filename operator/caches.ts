import { isDeepStrictEqual } from 'node:util';
import { LABELS } from '../contracts/names.ts';
import {
  AUTOSCALERS,
  CHURN_MODELS,
  CRON_JOBS,
  DEPLOYMENTS,
  DISRUPTION_BUDGETS,
  NETWORK_POLICIES,
  PODS,
  SEEN_JOBS,
  SERVICE_ACCOUNTS,
  SERVICES,
  type Autoscaler,
  type CronJob,
  type Deployment,
  type DisruptionBudget,
  type Job,
  type NetworkPolicy,
  type Pod,
  type Service,
  type ServiceAccount,
  type StoredChurnModel,
} from './observation/kinds.ts';
import type { Children } from './observation/observe.ts';
import type { ApiClient } from './runtime/api-client.ts';
import type { Clock, Random } from './runtime/clock.ts';
import { KindCache, type CacheState, type Namespaces } from './runtime/kind-cache.ts';
import { controllerOf, keyOf, refOf, type KubeObject, type ObjectRef } from './runtime/kube-object.ts';
import type { Logger } from './runtime/logger.ts';
import type { ResourceKind } from './runtime/resource-kind.ts';
import type { RuntimeMetrics } from './runtime/runtime-metrics.ts';
import { byLabel } from './runtime/index-keys.ts';
import type { ChangeHandler } from './runtime/watch-cache.ts';

const BY_MODEL = 'model';

/** What all caches have in common, whatever they hold. */
type Followed = Pick<KindCache<KubeObject>, 'run' | 'settled' | 'refresh' | 'stateOf' | 'lastProgressMs' | 'isStaleFor'>;

type CacheParts = Readonly<{ client: ApiClient; clock: Clock; random: Random; logger: Logger; metrics: RuntimeMetrics; namespaces: Namespaces }>;

function childCache<T extends KubeObject>(parts: CacheParts, kind: ResourceKind<T>): KindCache<T> {
  return new KindCache({ ...parts, kind, labelSelector: LABELS.model, indexes: { [BY_MODEL]: byModel } });
}

function byModel(object: KubeObject): readonly string[] {
  return byLabel(LABELS.model)(object).map((name) => keyOf({ namespace: object.metadata.namespace, name }));
}

/** Passes on what is more than a change of status, `heard` excepted. */
function unlessCounted<T extends KubeObject & { readonly spec?: unknown }>(handler: ChangeHandler<T>, heard: (object: T) => unknown): ChangeHandler<T> {
  const partsOf = (object: T): unknown => [{ ...object.metadata, resourceVersion: '', generation: 0 }, object.spec, heard(object)];
  return (previous, current, initial) => {
    if (previous !== undefined && current !== undefined && isDeepStrictEqual(partsOf(previous), partsOf(current))) return;
    handler(previous, current, initial);
  };
}

/** Copies of everything the operator looks at: ChurnModels of its class, and what bears a model's label. */
export class Caches {
  readonly models: KindCache<StoredChurnModel>;
  readonly deployments: KindCache<Deployment>;
  readonly services: KindCache<Service>;
  readonly serviceAccounts: KindCache<ServiceAccount>;
  readonly jobs: KindCache<Job>;
  readonly cronJobs: KindCache<CronJob>;
  readonly autoscalers: KindCache<Autoscaler>;
  readonly budgets: KindCache<DisruptionBudget>;
  readonly networkPolicies: KindCache<NetworkPolicy>;
  readonly pods: KindCache<Pod>;
  readonly #namespaces: Namespaces;

  /** @param operatorClass models with this value of the label `churnops.dev/operator-class`; undefined: those without the label */
  constructor(parts: CacheParts, operatorClass?: string) {
    const labelSelector = operatorClass === undefined ? `!${LABELS.operatorClass}` : `${LABELS.operatorClass}=${operatorClass}`;
    this.#namespaces = parts.namespaces;
    this.models = new KindCache({ ...parts, kind: CHURN_MODELS, labelSelector });
    this.deployments = childCache(parts, DEPLOYMENTS);
    this.services = childCache(parts, SERVICES);
    this.serviceAccounts = childCache(parts, SERVICE_ACCOUNTS);
    this.jobs = childCache(parts, SEEN_JOBS);
    this.cronJobs = childCache(parts, CRON_JOBS);
    this.autoscalers = childCache(parts, AUTOSCALERS);
    this.budgets = childCache(parts, DISRUPTION_BUDGETS);
    this.networkPolicies = childCache(parts, NETWORK_POLICIES);
    this.pods = childCache(parts, PODS);
  }

  /** Calls `wake` with the key of the model behind every change. */
  onChange(wake: (key: string, initial: boolean) => void): void {
    this.models.onChange((previous, current, initial) => {
      const object = current ?? previous;
      if (object !== undefined) wake(keyOf({ namespace: object.metadata.namespace, name: object.metadata.name }), initial);
    });
    const child = (previous: KubeObject | undefined, current: KubeObject | undefined, initial: boolean): void => {
      const keys = new Set([previous, current].flatMap((object) => (object === undefined ? [] : byModel(object))));
      for (const key of keys) wake(key, initial);
    };
    this.deployments.onChange(child);
    this.services.onChange(child);
    this.serviceAccounts.onChange(child);
    this.jobs.onChange(child);
    this.cronJobs.onChange(child);
    this.networkPolicies.onChange(child);
    this.pods.onChange(child);
    // Their counters move with every figure of the load, and nobody asks for them.
    this.autoscalers.onChange(unlessCounted<Autoscaler>(child, ({ status }) => status?.conditions.map(({ type, status, reason }) => [type, status, reason])));
    this.budgets.onChange(unlessCounted(child, () => undefined));
  }

  /** Follows the API server until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#all().map(async (cache) => cache.run(signal)));
  }

  /** Resolves once everything is synced, but for namespaces that refuse us. */
  async settled(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#all().map(async (cache) => cache.settled(signal)));
  }

  /** Lists everything anew: what the leader before us wrote last is in it. */
  async refresh(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#all().map(async (cache) => cache.refresh(signal)));
  }

  /** Whether the models of a namespace can be looked after: only with every kind at hand, for what is missing in a copy may still exist. */
  stateOf(namespace: string | undefined): CacheState {
    const states = this.#all().map((cache) => cache.stateOf(namespace));
    if (states.includes('Refused')) return 'Refused';
    return states.includes('Waiting') ? 'Waiting' : 'Synced';
  }

  /** Every namespace that is watched by itself with its state; one entry, named *, where all are watched together. */
  get states(): readonly Readonly<{ namespace: string; state: CacheState }>[] {
    if (this.#namespaces === 'All') return [{ namespace: '*', state: this.stateOf(undefined) }];
    return this.#namespaces.map((namespace) => ({ namespace, state: this.stateOf(namespace) }));
  }

  /**
   * How long the quietest watch has heard nothing, milliseconds.
   * @param startedMs counts for those that have not heard anything yet
   */
  quietMs(nowMs: number, startedMs: number): number {
    return Math.max(...this.#all().map((cache) => nowMs - (cache.lastProgressMs ?? startedMs)));
  }

  /** Whether an own write of the model, or of anything that it controls, has not come back yet. */
  isStale(ref: ObjectRef, uid: string): boolean {
    if (this.models.isStale(ref) || this.#all().some((cache) => cache.isStaleFor(uid, ref.namespace))) return true;
    // Pods are controlled by a ReplicaSet; their policies are written by us.
    return this.pods.byIndex(BY_MODEL, keyOf(ref), ref.namespace).some((pod) => this.pods.isStale(refOf(pod)));
  }

  /** What the model with this uid controls. A Job's pods are controlled by the Job, a Deployment's by a ReplicaSet: they count by label. */
  childrenOf(ref: ObjectRef, uid: string): Children {
    const key = keyOf(ref);
    const ofModel = <T extends KubeObject>(cache: KindCache<T>): readonly T[] => cache.byIndex(BY_MODEL, key, ref.namespace);
    const owned = <T extends KubeObject>(cache: KindCache<T>): readonly T[] => ofModel(cache).filter((object) => controllerOf(object)?.uid === uid);
    const cronJobs = owned(this.cronJobs);
    const schedulers = new Set(cronJobs.map((each) => each.metadata.uid));
    const scheduledJobs = ofModel(this.jobs).filter((job) => schedulers.has(controllerOf(job)?.uid ?? ''));
    return {
      deployments: owned(this.deployments),
      services: owned(this.services),
      jobs: owned(this.jobs),
      cronJobs,
      scheduledJobs,
      autoscalers: owned(this.autoscalers),
      budgets: owned(this.budgets),
      networkPolicies: owned(this.networkPolicies),
      pods: ofModel(this.pods),
    };
  }

  #all(): readonly Followed[] {
    return [this.models, this.deployments, this.services, this.serviceAccounts, this.jobs, this.cronJobs, this.autoscalers, this.budgets, this.networkPolicies, this.pods];
  }
}
