import type { ApiClient } from './api-client.ts';
import type { Clock, Random } from './clock.ts';
import type { KubeObject } from './kube-object.ts';
import type { Logger } from './logger.ts';
import type { RuntimeMetrics } from './runtime-metrics.ts';

/** Something a person should read in `kubectl describe`. */
export type RecordedEvent = Readonly<{
  regarding: KubeObject;
  related?: KubeObject | undefined;
  type: 'Normal' | 'Warning';
  /** CamelCase, from a closed union; at most 128 characters. */
  reason: string;
  /** CamelCase: what was done, or not done; at most 128 characters. */
  action: string;
  /** For people; cut at 1 KiB. */
  note: string;
}>;

/** Writes events.k8s.io/v1: repeated ones become a series, floods are dropped, failures are logged and never reach the caller. */
export declare class EventRecorder {
  constructor(input: {
    client: ApiClient;
    /** `churnops.dev/operator` */
    reportingController: string;
    /** The pod's name. */
    reportingInstance: string;
    clock: Clock;
    random: Random;
    logger: Logger;
    metrics: RuntimeMetrics;
  });
  record(event: RecordedEvent): void;
  /** Waits until everything recorded so far is written or given up. */
  flush(signal: AbortSignal): Promise<void>;
}
