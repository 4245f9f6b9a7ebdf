import { LABELS } from '../contracts/names.ts';
import {
  CHURN_MODELS,
  DEPLOYMENTS,
  JOBS,
  PODS,
  SERVICE_ACCOUNTS,
  SERVICES,
  type Deployment,
  type Job,
  type Pod,
  type Service,
  type ServiceAccount,
  type StoredChurnModel,
} from './observation/kinds.ts';
import type { Children } from './observation/observe.ts';
import type { ApiClient } from './runtime/api-client.ts';
import type { Clock, Random } from './runtime/clock.ts';
import { controllerOf, keyOf, type KubeObject, type ObjectRef } from './runtime/kube-object.ts';
import type { Logger } from './runtime/logger.ts';
import type { ResourceKind } from './runtime/resource-kind.ts';
import type { RuntimeMetrics } from './runtime/runtime-metrics.ts';
import { byLabel, WatchCache } from './runtime/watch-cache.ts';

const BY_MODEL = 'model';

/** What all caches have in common, whatever they hold. */
type Followed = Pick<WatchCache<KubeObject>, 'run' | 'synced' | 'hasSynced' | 'lastProgressMs'>;

type CacheParts = Readonly<{ client: ApiClient; clock: Clock; random: Random; logger: Logger; metrics: RuntimeMetrics }>;

function childCache<T extends KubeObject>(parts: CacheParts, kind: ResourceKind<T>): WatchCache<T> {
  return new WatchCache({ ...parts, kind, scope: { labelSelector: LABELS.model }, indexes: { [BY_MODEL]: byModel } });
}

function byModel(object: KubeObject): readonly string[] {
  return byLabel(LABELS.model)(object).map((name) => keyOf({ namespace: object.metadata.namespace, name }));
}

/** Copies of everything the operator looks at: ChurnModels, and what bears their label. */
export class Caches {
  readonly models: WatchCache<StoredChurnModel>;
  readonly deployments: WatchCache<Deployment>;
  readonly services: WatchCache<Service>;
  readonly serviceAccounts: WatchCache<ServiceAccount>;
  readonly jobs: WatchCache<Job>;
  readonly pods: WatchCache<Pod>;

  constructor(parts: CacheParts) {
    this.models = new WatchCache({ ...parts, kind: CHURN_MODELS });
    this.deployments = childCache(parts, DEPLOYMENTS);
    this.services = childCache(parts, SERVICES);
    this.serviceAccounts = childCache(parts, SERVICE_ACCOUNTS);
    this.jobs = childCache(parts, JOBS);
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
    this.pods.onChange(child);
  }

  /** Follows the API server until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#all().map(async (cache) => cache.run(signal)));
  }

  async synced(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#all().map(async (cache) => cache.synced(signal)));
  }

  get hasSynced(): boolean {
    return this.#all().every((cache) => cache.hasSynced);
  }

  /** How long the quietest watch has heard nothing, milliseconds; 0 until the first word. */
  quietMs(nowMs: number): number {
    return Math.max(...this.#all().map((cache) => (cache.lastProgressMs === undefined ? 0 : nowMs - cache.lastProgressMs)));
  }

  /** What the model with this uid controls. A Job's pods are controlled by the Job, a Deployment's by a ReplicaSet: they count by label. */
  childrenOf(ref: ObjectRef, uid: string): Children {
    const key = keyOf(ref);
    const owned = <T extends KubeObject>(objects: readonly T[]): readonly T[] => objects.filter((object) => controllerOf(object)?.uid === uid);
    return {
      deployments: owned(this.deployments.byIndex(BY_MODEL, key)),
      services: owned(this.services.byIndex(BY_MODEL, key)),
      jobs: owned(this.jobs.byIndex(BY_MODEL, key)),
      pods: this.pods.byIndex(BY_MODEL, key),
    };
  }

  #all(): readonly Followed[] {
    return [this.models, this.deployments, this.services, this.serviceAccounts, this.jobs, this.pods];
  }
}
