import { operatorPods } from './faults.ts';
import type { ClaimContext } from './context.ts';
import { ADDRESSED_PODS } from './kinds.ts';

/** One value of a metric: its labels as they stand between the braces. */
type Sample = Readonly<{ labels: string; value: number }>;

/** Metrics of the operator that leads: `GET :9090/metrics` of its pod. */
export class OperatorFigures {
  readonly #samples: ReadonlyMap<string, readonly Sample[]>;

  constructor(text: string) {
    const samples = new Map<string, Sample[]>();
    for (const line of text.split('\n')) {
      const [, name = '', labels = '', value] = /^([a-zA-Z_:]+)(?:\{(.*)\})? ([^ ]+)$/.exec(line) ?? [];
      if (value !== undefined) samples.set(name, [...(samples.get(name) ?? []), { labels, value: Number(value) }]);
    }
    this.#samples = samples;
  }

  /** Sum over all label values, or over those with these labels in their text; 0 where there is none. */
  sum(name: string, labels = ''): number {
    return (this.#samples.get(name) ?? []).filter((sample) => sample.labels.includes(labels)).reduce((sum, { value }) => sum + value, 0);
  }
}

/** Figures of the operator; of the one that has reconciled most where several run: only the leader does. */
export async function operatorFigures(context: Pick<ClaimContext, 'kube'>, signal: AbortSignal): Promise<OperatorFigures> {
  const all: OperatorFigures[] = [];
  for (const { metadata } of await operatorPods(context)) {
    const { status: { podIP } } = await context.kube.get(ADDRESSED_PODS, { namespace: metadata.namespace ?? '', name: metadata.name });
    if (podIP === undefined) continue;
    const answer = await fetch(`http://${podIP}:9090/metrics`, { signal });
    all.push(new OperatorFigures(await answer.text()));
  }
  const reconciles = (figures: OperatorFigures): number => figures.sum('controller_runtime_reconcile_total');
  const [most] = all.toSorted((a, b) => reconciles(b) - reconciles(a));
  if (most === undefined) throw new Error('no operator runs');
  return most;
}

/** What an operator that begins anew had done when it came to rest. */
export type Resynced = Readonly<{ reconciles: number; startedMs: number; atMs: number }>;

/** Process start times are whole seconds. */
const START_ROUNDED_MS = 1000;

/**
 * Waits until an operator whose process began after an instant has reconciled so many times and has nothing left to do.
 * @param input.endedMs when the processes before it were ended; these must be older than a second by then
 */
export async function untilResynced(context: Pick<ClaimContext, 'kube' | 'signal'>, input: Readonly<{ models: number; endedMs: number; deadlineMs: number }>): Promise<Resynced> {
  const done = await context.kube.untilAny(
    { what: 'a new operator has looked at every model', deadlineMs: input.deadlineMs },
    async () => {
      // It may not listen yet.
      const figures = await operatorFigures(context, context.signal).catch(() => undefined);
      if (figures === undefined) return undefined;
      const waiting = figures.sum('workqueue_depth') + figures.sum('controller_runtime_active_workers');
      return { reconciles: figures.sum('controller_runtime_reconcile_total'), waiting, startedMs: figures.sum('process_start_time_seconds') * 1000, atMs: Date.now() };
    },
    (seen) => seen !== undefined && seen.startedMs >= input.endedMs - START_ROUNDED_MS && seen.reconciles >= input.models && seen.waiting === 0,
  );
  if (done === undefined) throw new Error('what is done was seen');
  return done;
}
