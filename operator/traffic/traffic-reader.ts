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
/** Whoever takes longer waits its turn. */
const SLOW_MS = 1000;
const LONGEST_PROBLEM = 200;

/** Who is to be asked: stable's pods of one model, and the newest policy's revision. `hash`: whole, of the version they serve. */
export type FollowedModel = Readonly<{ revision: number; hash: string; pods: readonly AskedPod[] }>;

/** `slow`: pods that took long to answer, or not to, and when they were asked. */
type Entry = { model: FollowedModel; sinceMs: number; nextMs: number; states: Map<string, TrafficState>; pods: Map<string, PodTraffic>; slow: Map<string, number>; published: TrafficView | undefined };
/** `left`: how many of its pods are still to be asked. */
type Turn = Readonly<{ key: string; entry: Entry; isWhole: boolean; pods: readonly AskedPod[] }> & { left: number };

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
      this.#entries.set(key, { model, sinceMs: nowMs, nextMs: nowMs, states: new Map(), pods: new Map(), slow: new Map(), published: undefined });
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

  /** Asks whoever is due, once. What is found out about a model is published when the last of its own pods was asked, whoever else is still waited for. */
  async look(signal: AbortSignal): Promise<void> {
    const nowMs = this.#clock.nowMs();
    const turns = [...this.#entries].flatMap(([key, entry]) => turnOf(key, entry, nowMs));
    const questions = questionsOf(turns);
    for (const { turn } of questions) turn.left += 1;
    for (const turn of turns) if (turn.left === 0) this.#settle(turn);
    await inParallel(questions, READS_AT_A_TIME, async ({ turn, pod }) => {
      await this.#ask(turn.entry, pod, signal);
      turn.left -= 1;
      if (turn.left === 0 && !signal.aborted) this.#settle(turn);
    });
  }

  async #ask(entry: Entry, pod: AskedPod, signal: AbortSignal): Promise<void> {
    const { revision, hash } = entry.model;
    const askedMs = this.#clock.nowMs();
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
    if (this.#clock.nowMs() - askedMs < SLOW_MS) entry.slow.delete(pod.uid);
    else entry.slow.set(pod.uid, askedMs);
  }

  #note({ pods }: Entry, { uid }: AskedPod, { revision, problem, follows }: Readonly<{ revision: number | undefined; problem: string | undefined; follows: boolean }>): void {
    const known = pods.get(uid);
    const nowMs = this.#clock.nowMs();
    // A clock that jumped back: it has not followed for at least this moment.
    const laggingSinceMs = follows ? undefined : Math.min(known?.laggingSinceMs ?? nowMs, nowMs);
    pods.set(uid, { uid, revision, problem: problem?.slice(0, LONGEST_PROBLEM), laggingSinceMs, hasFollowed: follows || known?.hasFollowed === true });
  }

  #settle({ key, entry, isWhole }: Turn): void {
    if (this.#entries.get(key) !== entry) return;
    const nowMs = this.#clock.nowMs();
    const { model, states, pods, slow, published } = entry;
    const asked = new Set(model.pods.map(({ uid }) => uid));
    for (const uid of [...pods.keys(), ...states.keys(), ...slow.keys()]) {
      if (asked.has(uid)) continue;
      pods.delete(uid);
      states.delete(uid);
      slow.delete(uid);
    }
    const isSpread = [...pods.values()].every(({ laggingSinceMs }) => laggingSinceMs === undefined);
    entry.sinceMs = Math.min(entry.sinceMs, nowMs);
    // Who does not follow by then is asked no more often than the others.
    const nextMs = nowMs + (isSpread || nowMs - entry.sinceMs > SPREADS_WITHIN_MS ? EVERY_MS : SOON_MS);
    entry.nextMs = isWhole ? nextMs : Math.min(entry.nextMs, nextMs);
    const counters = sumCounters([...states.values()].filter(({ revision }) => revision === model.revision));
    if (!isNews(published, pods, counters, nowMs)) return;
    entry.published = { revision: model.revision, atMs: nowMs, pods: new Map(pods), counters };
    this.#wake(key);
  }
}

/** A model's part of a look; none where nothing is due: all its pods when their time has come, before that those that were never asked. */
function turnOf(key: string, entry: Entry, nowMs: number): readonly Turn[] {
  // A clock that jumped back must not make the wait longer than any that we set.
  const isWhole = entry.nextMs <= nowMs || entry.nextMs > nowMs + EVERY_MS;
  const pods = isWhole ? entry.model.pods : entry.model.pods.filter(({ uid }) => !entry.pods.has(uid));
  return isWhole || pods.length > 0 ? [{ key, entry, isWhole, pods, left: 0 }] : [];
}

/** Whom to ask, in order. Of those that were slow only so many as are asked at a time, by turns: thousands behind a rule that drops packets keep nobody waiting. */
function questionsOf(turns: readonly Turn[]): readonly Readonly<{ turn: Turn; pod: AskedPod }>[] {
  const questions = turns.flatMap((turn) => turn.pods.map((pod) => ({ turn, pod, slowMs: turn.entry.slow.get(pod.uid) })));
  const slow = questions.filter(({ slowMs }) => slowMs !== undefined).toSorted((a, b) => (a.slowMs ?? 0) - (b.slowMs ?? 0));
  return [...questions.filter(({ slowMs }) => slowMs === undefined), ...slow.slice(0, READS_AT_A_TIME)];
}

function isNews(published: TrafficView | undefined, pods: ReadonlyMap<string, PodTraffic>, counters: TrafficCounters, nowMs: number): boolean {
  if (published === undefined || !isDeepStrictEqual(published.pods, pods)) return true;
  // Either way: a clock may have jumped back.
  return Math.abs(nowMs - published.atMs) >= COUNTERS_EVERY_MS && !isDeepStrictEqual(published.counters, counters);
}

function problemOf(error: unknown): string {
  if (error instanceof ZodError || error instanceof SyntaxError) return 'its answer is no TrafficState';
  return error instanceof Error ? error.message : 'it could not be asked';
}
