/** How much a pod takes on at once; beyond it answers 503 with Retry-After. */
export type AdmissionLimits = Readonly<{ maxInFlight: number; maxBytesInFlight: number; maxRowsWaiting: number }>;

/**
 * 64 MiB of bodies fit beside a large forest in a 512 MiB pod; a body counts with its declared length from its head on.
 * A row costs 5 us (Telco package, 2 columns sent) to 80 us (largest forest of reference/serving.md 1.3), so 8,192 rows are 0.04 to 0.7 s
 * of waiting; 512 requests of 1,024 rows each would be 3 to 40 s.
 */
export const ADMISSION: AdmissionLimits = { maxInFlight: 512, maxBytesInFlight: 64 * 1024 * 1024, maxRowsWaiting: 8192 };

/** Limits of connections. */
export const CONNECTION = {
  /** Head and body must be there within this, counted from the first byte (catalogue: RequestTimeout). */
  requestMs: 10_000,
  headersMs: 10_000,
  /** Longer than the idle timeout of usual load balancers (60 s), so that it is they who close. */
  keepAliveMs: 75_000,
  /** A connection with a request on it, on which no byte moves either way for this long, is cut: whoever does not read holds a slot. */
  silenceMs: 30_000,
  /** Requests of one connection that wait for their answer; further ones are refused, so that a client that does not read holds few slots. */
  maxPipelined: 8,
  /** How often slow senders are looked for. */
  checkEveryMs: 1000,
  maxHeaderBytes: 16 * 1024,
  maxConnections: 10_000,
} as const;
