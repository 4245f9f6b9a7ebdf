/** How much a pod takes on at once; beyond it answers 503 with Retry-After. */
export type AdmissionLimits = Readonly<{ maxInFlight: number; maxBytesInFlight: number }>;

/** 512 waiting rows are some 20 ms of work; 64 MiB of bodies fit beside a large forest in a 512 MiB pod. */
export const ADMISSION: AdmissionLimits = { maxInFlight: 512, maxBytesInFlight: 64 * 1024 * 1024 };

/** Limits of connections. */
export const CONNECTION = {
  /** Head and body must be there within this, counted from the first byte (catalogue: RequestTimeout). */
  requestMs: 10_000,
  headersMs: 10_000,
  /** Longer than the idle timeout of usual load balancers (60 s), so that it is they who close. */
  keepAliveMs: 75_000,
  /** How often slow senders are looked for. */
  checkEveryMs: 1000,
  maxHeaderBytes: 16 * 1024,
  maxConnections: 10_000,
} as const;
