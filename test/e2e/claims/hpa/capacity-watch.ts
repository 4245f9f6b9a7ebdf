import { Registry } from 'prom-client';
import { z } from 'zod';
import { systemClock } from '../../../../operator/runtime/clock.ts';
import { StoredObject, type KubeObject } from '../../../../operator/runtime/kube-object.ts';
import type { ResourceKind } from '../../../../operator/runtime/resource-kind.ts';
import { RuntimeMetrics } from '../../../../operator/runtime/runtime-metrics.ts';
import { WatchCache } from '../../../../operator/runtime/watch-cache.ts';
import { ANNOTATIONS } from '../../../../contracts/names.ts';
import type { ClaimContext } from '../../context.ts';
import type { Autoscaler } from '../../../../operator/observation/kinds.ts';
import { AUTOSCALERS } from '../../kinds.ts';

const Slice = StoredObject.extend({
  endpoints: z.array(z.looseObject({ addresses: z.array(z.string()), conditions: z.looseObject({ ready: z.boolean().nullish() }).default({}) })).nullish(),
});
const SLICES: ResourceKind<z.infer<typeof Slice>> = { group: 'discovery.k8s.io', version: 'v1', plural: 'endpointslices', kind: 'EndpointSlice', namespaced: true, schema: Slice };

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** The fewest pods that were behind the Service in a phase, of those that had to be. */
export type Lowest = Readonly<{ phase: string; floor: number; fewest: number; changes: number }>;

/** One state of the autoscaler that somebody wrote; undefined target: it was deleted. */
export type AutoscalerState = Readonly<{ digest: string; target: string | undefined; minReplicas: number }>;

/**
 * Follows who is behind the Service (its EndpointSlices) and what the autoscaler is told, by watches: every state the API server had is seen.
 */
export class CapacityWatch {
  readonly #stop = new AbortController();
  readonly #slices: WatchCache<z.infer<typeof Slice>>;
  readonly #autoscalers: WatchCache<Autoscaler>;
  readonly #lists = new RuntimeMetrics(new Registry());
  readonly #following: Promise<unknown>;
  readonly #states: AutoscalerState[] = [];
  readonly #phases: { phase: string; floor: number; fewest: number; changes: number }[] = [];

  private constructor({ kube, signal }: ClaimContext, model: string) {
    const common = { client: kube.client, clock: systemClock, random: Math.random, logger: quiet };
    const scope = { namespace: kube.namespace };
    this.#slices = new WatchCache({ ...common, kind: SLICES, scope: { ...scope, labelSelector: `kubernetes.io/service-name=${model}` }, metrics: this.#lists });
    this.#autoscalers = new WatchCache({ ...common, kind: AUTOSCALERS, scope, metrics: this.#lists });
    this.#slices.onChange(() => this.#look());
    this.#autoscalers.onChange((_, current) => this.#tell(model, current));
    const until = AbortSignal.any([signal, this.#stop.signal]);
    this.#following = Promise.all([this.#slices.run(until), this.#autoscalers.run(until)]);
    this.#following.catch(() => {});
  }

  /** Follows a model that serves. @param floor fewest pods that may be behind its Service from now on */
  static async start(context: ClaimContext, model: string, phase: string, floor: number): Promise<CapacityWatch> {
    const watch = new CapacityWatch(context, model);
    await Promise.all([watch.#slices.synced(context.signal), watch.#autoscalers.synced(context.signal)]);
    watch.phase(phase, floor);
    return watch;
  }

  /** From now on at least `floor` pods must be behind the Service. */
  phase(phase: string, floor: number): void {
    this.#phases.push({ phase, floor, fewest: this.ready, changes: 0 });
  }

  /** Pods behind the Service now. */
  get ready(): number {
    return this.addresses.size;
  }

  /** Addresses of the pods behind the Service now. */
  get addresses(): ReadonlySet<string> {
    return new Set(this.#slices.list().flatMap(({ endpoints }) => endpoints ?? []).flatMap(({ conditions, addresses }) => (conditions.ready === true ? addresses : [])));
  }

  /** Everything that somebody told the autoscaler, in order. */
  get states(): readonly AutoscalerState[] {
    return this.#states;
  }

  /** How often a watch had to begin again with a whole list: what came and went meanwhile was not seen. */
  async relists(): Promise<number> {
    const { values } = await this.#lists.lists.get();
    return values.reduce((sum, { value }) => sum + value - 1, 0);
  }

  async stop(): Promise<readonly Lowest[]> {
    this.#stop.abort();
    await this.#following;
    return this.#phases;
  }

  #look(): void {
    const phase = this.#phases.at(-1);
    if (phase === undefined) return;
    phase.fewest = Math.min(phase.fewest, this.ready);
    phase.changes += 1;
  }

  #tell(model: string, current: KubeObject | undefined): void {
    if (current === undefined) {
      this.#states.push({ digest: '', target: undefined, minReplicas: 0 });
      return;
    }
    if (current.metadata.name !== model) return;
    const { spec, metadata } = Told.parse(current);
    const digest = metadata.annotations[ANNOTATIONS.applied] ?? '';
    if (this.#states.at(-1)?.digest !== digest) this.#states.push({ digest, target: spec.scaleTargetRef.name, minReplicas: spec.minReplicas });
  }
}

const Told = z.looseObject({
  metadata: z.looseObject({ annotations: z.record(z.string(), z.string()).default({}) }),
  spec: z.looseObject({ minReplicas: z.number(), scaleTargetRef: z.looseObject({ name: z.string() }) }),
});
