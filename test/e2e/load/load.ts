import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { LoadReport, type LoadCommand, type LoadPlan } from './protocol.ts';

/** Calls that go on until they are stopped. */
export type RunningLoad = Readonly<{
  /** From now on calls belong to this phase, and these versions may answer. */
  phase: (phase: string, versions: Readonly<Record<string, string>>, retryAfterMs?: number) => Promise<void> | void;
  /** Sends no more, waits for what is under way, and gives the report. */
  stop: () => Promise<LoadReport>;
}>;

/** Calls from this machine, in a thread of their own. */
export class Load implements RunningLoad {
  readonly #worker: Worker;
  readonly #ended: Promise<LoadReport>;

  private constructor(plan: LoadPlan) {
    this.#worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: plan });
    this.#ended = once(this.#worker, 'message').then(([report]: unknown[]) => LoadReport.parse(report));
    // Whoever stops it learns of its end; until then it must not bring the runner down.
    this.#ended.catch(() => {});
  }

  /** Begins to call. */
  static start(plan: LoadPlan): Load {
    return new Load(plan);
  }

  /** From now on calls belong to this phase, and these versions may answer. */
  phase(phase: string, versions: Readonly<Record<string, string>>): void {
    this.#tell({ command: 'Phase', phase, versions });
  }

  /** Sends no more, waits for what is under way, and gives the report. */
  async stop(): Promise<LoadReport> {
    this.#tell({ command: 'Stop' });
    return this.#ended;
  }

  #tell(command: LoadCommand): void {
    this.#worker.postMessage(command, []);
  }
}

/** Answered calls that a filter takes. */
export function callsOf(report: LoadReport, filter: Partial<LoadReport['answered'][number]>): number {
  const matches = (each: LoadReport['answered'][number]): boolean =>
    (filter.phase === undefined || each.phase === filter.phase) && (filter.version === undefined || each.version === filter.version) && (filter.connection === undefined || each.connection === filter.connection);
  return report.answered.filter(matches).reduce((sum, { calls }) => sum + calls, 0);
}

/** Calls sent in a phase, answered rightly or not. */
export function sentIn(report: LoadReport, phase: string): number {
  return callsOf(report, { phase }) + failedIn(report, phase);
}

/** Calls of a phase that failed for good. */
export function failedIn(report: LoadReport, phase: string): number {
  return report.failedByPhase[phase] ?? 0;
}

/** Calls are sent this late at most, or they were not those of the plan. */
const LATEST_SEND_MS = 5000;

/** Whether calls were sent when they were due, and in words. */
export function wasOnSchedule(report: LoadReport, ratePerSecond: number): Readonly<{ kept: boolean; figures: string }> {
  const due = Math.floor((report.tookMs / 1000) * ratePerSecond);
  const kept = report.calls >= due - ratePerSecond && report.latestSendMs < LATEST_SEND_MS;
  return { kept, figures: `${report.calls} of ${due} calls, the latest sent ${report.latestSendMs.toFixed(0)} ms late` };
}

/** First tries of a phase that failed and were followed by a second one. */
export function retriedIn(report: LoadReport, phase: string): number {
  return report.retried.filter((retried) => retried.phase === phase).reduce((sum, { calls }) => sum + calls, 0);
}

/** Failures by error, most first, for people. */
export function failuresInWords(report: LoadReport): string {
  const counts = new Map<string, number>();
  for (const { phase, connection, error } of report.failures) {
    const words = `${phase}, ${connection}: ${error}`;
    counts.set(words, (counts.get(words) ?? 0) + 1);
  }
  const first = report.failures[0];
  const lines = [...counts].toSorted((a, b) => b[1] - a[1]).slice(0, 5).map(([words, count]) => `${count} x ${words}`);
  return first === undefined ? 'none' : `${lines.join('; ')}; the first at ${first.at}`;
}
