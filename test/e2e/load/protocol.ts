import { z } from 'zod';

/** Half of the calls reuse a connection, half open one of their own: a switch moves the two at different times. */
export const CONNECTIONS = ['Kept', 'Fresh'] as const;
export type Connection = (typeof CONNECTIONS)[number];

/**
 * When callers give up: late is not lost, and on a machine that others use, too, a shorter limit measures the machine. Nothing that is lost
 * comes after this: an unanswered SYN has been sent four times by then. How long calls took is reported.
 */
export const CALL_TIMEOUT_MS = 15_000;

/** One call that is sent again and again, and what each version must answer to it. */
export const SampleCall = z.object({
  /** The whole request body. */
  body: z.string(),
  /** Probability by what scored it. */
  expected: z.record(z.string(), z.number()),
});
export type SampleCall = z.infer<typeof SampleCall>;

/** What a generator does: it is given to its worker. */
export const LoadPlan = z.object({
  url: z.string(),
  ratePerSecond: z.number().positive(),
  /** Kept-alive connections in use. */
  keptConnections: z.int().min(1),
  timeoutMs: z.number().positive(),
  /** How far a probability may be from the expected one (DESIGN section 5, Parity). */
  tolerance: z.number(),
  /** Name of the version in answers -> key in `expected`; any other version is a wrong answer. */
  versions: z.record(z.string(), z.string()),
  samples: z.array(SampleCall).min(1),
  phase: z.string(),
  /** Set: a call whose connection broke or was refused is tried once more, over a connection of the same kind, after this pause. */
  retryAfterMs: z.number().min(0).optional(),
});
export type LoadPlan = z.infer<typeof LoadPlan>;

/** What the generator is told while it runs. */
export const LoadCommand = z.discriminatedUnion('command', [
  z.object({ command: z.literal('Phase'), phase: z.string(), versions: z.record(z.string(), z.string()), retryAfterMs: z.number().min(0).optional() }),
  z.object({ command: z.literal('Stop') }),
]);
export type LoadCommand = z.infer<typeof LoadCommand>;

/** A call that failed: no answer in time, another status than 200, or an answer that is wrong. */
export const FailedCall = z.object({ at: z.string(), phase: z.string(), connection: z.enum(CONNECTIONS), tookMs: z.number(), error: z.string() });
export type FailedCall = z.infer<typeof FailedCall>;

/** First tries that failed and were followed by a second one. */
export const Retried = z.object({ phase: z.string(), connection: z.enum(CONNECTIONS), error: z.string(), calls: z.int() });
export type Retried = z.infer<typeof Retried>;

/** Calls answered by one version over one kind of connection in one phase. */
export const Answered = z.object({ phase: z.string(), version: z.string(), connection: z.enum(CONNECTIONS), calls: z.int() });
export type Answered = z.infer<typeof Answered>;

/** How long calls of one phase took, answered rightly or not. */
export const PhaseTimes = z.object({ calls: z.int(), p50Ms: z.number(), p99Ms: z.number(), maxMs: z.number() });
export type PhaseTimes = z.infer<typeof PhaseTimes>;

/** What a generator saw. Times are from the instant a call was due, so that a generator that falls behind does not hide waiting. */
export const LoadReport = z.object({
  calls: z.int(),
  failed: z.int(),
  /** The first of each phase. */
  failures: z.array(FailedCall),
  failedByPhase: z.record(z.string(), z.int()),
  answered: z.array(Answered),
  retried: z.array(Retried),
  timesByPhase: z.record(z.string(), PhaseTimes),
  p50Ms: z.number(),
  p99Ms: z.number(),
  maxMs: z.number(),
  /** Most that a call was sent after it was due. */
  latestSendMs: z.number(),
  tookMs: z.number(),
});
export type LoadReport = z.infer<typeof LoadReport>;
