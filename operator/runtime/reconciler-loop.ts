import type { Clock, Random } from './clock.ts';
import type { Logger } from './logger.ts';
import type { RuntimeMetrics } from './runtime-metrics.ts';
import type { WorkQueue } from './work-queue.ts';

/** What follows a reconcile that did not throw. Waiting is a value: without `requeueAfterMs` only a change wakes the key. */
export type ReconcileResult = Readonly<{ requeueAfterMs?: number | undefined }>;

/** What a reconcile gets beside its key. */
export type ReconcileContext = Readonly<{
  /** Aborts at the reconcile's deadline, at the end of the grace period, or when leadership is lost. */
  signal: AbortSignal;
  reconcileID: string;
  /** Carries controller, namespace, name and reconcileID. */
  logger: Logger;
}>;

/** Brings one object nearer to what is wanted. Level-triggered: it gets a key, never an event. Throws to be tried again, backing off. */
export type Reconcile = (key: string, context: ReconcileContext) => Promise<ReconcileResult>;

/** Trying again is pointless until the object changes: the key is not requeued. */
export declare class TerminalError extends Error {
  readonly code: 'Terminal';
  readonly retryable: false;
  constructor(message: string, options?: { cause?: unknown });
}

/** Runs reconciles for the keys of a queue. */
export declare class ReconcilerLoop {
  constructor(input: {
    /** Value of the label `controller` in metrics and logs. */
    name: string;
    queue: WorkQueue;
    reconcile: Reconcile;
    workers?: number;
    /** Longest reconcile; default 2 min. */
    deadlineMs?: number;
    clock: Clock;
    random: Random;
    logger: Logger;
    metrics: RuntimeMetrics;
    newID?: () => string;
  });
  /**
   * Works until `stop` aborts, then lets running reconciles finish for `graceMs`, then aborts them. Never rejects.
   * @param input.halt aborts running reconciles at once (leadership lost)
   */
  run(input: { stop: AbortSignal; halt?: AbortSignal; graceMs?: number }): Promise<void>;
}
