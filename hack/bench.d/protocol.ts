import { z } from 'zod';

/** What the generator is told. */
export const GeneratorCommand = z.discriminatedUnion('command', [
  /** Bodies of calls, used in turn. */
  z.object({ command: z.literal('Bodies'), bodies: z.array(z.string()).min(1) }),
  /** Each connection calls again as soon as it has its answer. */
  z.object({ command: z.literal('Saturate'), url: z.string(), connections: z.int().min(1), durationMs: z.number().positive() }),
  /** Calls at random instants, whatever became of those before; the first ones warm up and are not timed. */
  z.object({ command: z.literal('Pace'), url: z.string(), connections: z.int().min(1), warmUpCalls: z.int().min(0), calls: z.int().min(1), ratePerSecond: z.number().positive(), seed: z.int() }),
]);
export type GeneratorCommand = z.infer<typeof GeneratorCommand>;

/** What a generator answers when it is done. Times are from sending a call to its whole answer. */
export const GeneratorReport = z.object({
  /** Timed ones. */
  calls: z.int(),
  /** All that were sent. */
  sent: z.int(),
  failed: z.int(),
  firstFailure: z.string().optional(),
  p50Ms: z.number(),
  p99Ms: z.number(),
  maxMs: z.number(),
  /** How long after it was due a call was sent, 99th percentile. */
  lateP99Ms: z.number(),
  tookMs: z.number(),
});
export type GeneratorReport = z.infer<typeof GeneratorReport>;
