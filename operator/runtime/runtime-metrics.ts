import type { Registry } from 'prom-client';

/** Every metric of the runtime, registered once per registry. */
export declare class RuntimeMetrics {
  constructor(registry: Registry);
}
