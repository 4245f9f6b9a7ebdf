import { isDeepStrictEqual } from 'node:util';
import { ZodError } from 'zod';
import type { TrafficState } from '../../contracts/traffic.ts';
import { inParallel } from '../../platform/parallel/in-parallel.ts';
import { sleep, type Clock } from '../runtime/clock.ts';
import type { ReadTraffic } from './pod-control.ts';
import { SPREADS_WITHIN_MS, sumCounters, type AskedPod, type PodTraffic, type TrafficCounters, type TrafficView } from './traffic-view.ts';

/** How often somebody is asked who does not follow yet: a policy takes a second to arrive. */
const SOON_MS = 1000;
const EVERY_MS = 5000;
/** Counters are for people: a status is not written more often for their sake. */
const COUNTERS_EVERY_MS = 30_000;
/** Pods asked at a time, of all models. */
const READS_AT_A_TIME = 32;
const LONGEST_PROBLEM = 200;

/** Who is to be asked: stable's pods of one model, and the newest policy's revision. `hash`: whole, of the version they serve. */
export type FollowedModel = Readonly<{ revision: number; hash: string; pods: readonly AskedPod[] }>;

type Entry = { model: FollowedModel; sinceMs: number; nextMs: number; states: Map<string, TrafficState>; pods: Map<string, PodTraffic>; published: TrafficView | undefined };

/**
 * Reads the control ports of stable's pods while a rollout runs, apart from all reconciles. What it knows is what it last read: after a restart it
 * reads again. Tells by `wake` that there is something to report.
 */
export class TrafficReader {
  readonly #read: ReadTraffic;
  readonly #clock: Clock;
  readonly #wake: (key: string) => void;
  readonly #entries = new Map<string, Entry>();

  constructor(input: Readonly<{ read: ReadTraffic; clock: Clock; wake: (key: string) => void }>) {
    this.#read = input.read;
    this.#clock = input.clock;
    this.#wake = input.wake;
  }

  /** Asks these pods from now on. */
  follow(key: string, model: FollowedModel): void {
    const known = this.#entries.get(key);
    const nowMs = this.#clock.nowMs();
    if (known === undefined || known.model.revision !== model.revision) {
      this.#entries.set(key, { model, sinceMs: nowMs, nextMs: nowMs, states: new Map(), pods: new Map(), published: undefined });
      return;
    }
    known.model = model;
  }

  /** Asks them no more: no rollout runs. */
  forget(key: string): void {
    this.#entries.delete(key);
  }

  /** What was last published about a model; undefined: nothing of this revision was read yet. */
  view(key: string): TrafficView | undefined {
    return this.#entries.get(key)?.published;
  }

  /** Asks, until `signal` aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) {
        await this.look(signal);
        await sleep(this.#clock, SOON_MS, signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** Asks whoever is due, once. */
  async look(signal: AbortSignal): Promise<void> {
    const nowMs = this.#clock.nowMs();
    const due = [...this.#entries].filter(([, { nextMs }]) => nextMs <= nowMs);
    const asked = due.flatMap(([key, entry]) => entry.model.pods.map((pod) => ({ key, entry, pod })));
    await inParallel(asked, READS_AT_A_TIME, async ({ entry, pod }) => this.#ask(entry, pod, signal));
    for (const [key, entry] of due) if (this.#entries.get(key) === entry) this.#settle(key, entry);
  }

  async #ask(entry: Entry, pod: AskedPod, signal: AbortSignal): Promise<void> {
    const { revision, hash } = entry.model;
    try {
      if (pod.address === undefined) throw new Error('it has no address yet');
      const state = await this.#read(pod.address, signal);
      if (state.hash !== hash) throw new Error(`another version answers at its address, ${state.hash.slice(0, 8)}`);
      entry.states.set(pod.uid, state);
      const follows = state.revision === revision;
      this.#note(entry, pod, { revision: state.revision, problem: follows ? undefined : (state.refused ?? `it follows revision ${state.revision}`), follows });
    } catch (error) {
      if (signal.aborted) return;
      this.#note(entry, pod, { revision: undefined, problem: problemOf(error), follows: false });
    }
  }

  #note({ pods }: Entry, { uid }: AskedPod, { revision, problem, follows }: Readonly<{ revision: number | undefined; problem: string | undefined; follows: boolean }>): void {
    const laggingSinceMs = follows ? undefined : (pods.get(uid)?.laggingSinceMs ?? this.#clock.nowMs());
    pods.set(uid, { uid, revision, problem: problem?.slice(0, LONGEST_PROBLEM), laggingSinceMs });
  }

  #settle(key: string, entry: Entry): void {
    const nowMs = this.#clock.nowMs();
    const { model, states, pods, published } = entry;
    const asked = new Set(model.pods.map(({ uid }) => uid));
    for (const uid of [...pods.keys(), ...states.keys()]) {
      if (asked.has(uid)) continue;
      pods.delete(uid);
      states.delete(uid);
    }
    const isSpread = [...pods.values()].every(({ laggingSinceMs }) => laggingSinceMs === undefined);
    // Who does not follow by then is asked no more often than the others.
    entry.nextMs = nowMs + (isSpread || nowMs - entry.sinceMs > SPREADS_WITHIN_MS ? EVERY_MS : SOON_MS);
    const counters = sumCounters([...states.values()].filter(({ revision }) => revision === model.revision));
    if (!isNews(published, pods, counters, nowMs)) return;
    entry.published = { revision: model.revision, atMs: nowMs, pods: new Map(pods), counters };
    this.#wake(key);
  }
}

function isNews(published: TrafficView | undefined, pods: ReadonlyMap<string, PodTraffic>, counters: TrafficCounters, nowMs: number): boolean {
  if (published === undefined || !isDeepStrictEqual(published.pods, pods)) return true;
  return nowMs - published.atMs >= COUNTERS_EVERY_MS && !isDeepStrictEqual(published.counters, counters);
}

function problemOf(error: unknown): string {
  if (error instanceof ZodError || error instanceof SyntaxError) return 'its answer is no TrafficState';
  return error instanceof Error ? error.message : 'it could not be asked';
}
