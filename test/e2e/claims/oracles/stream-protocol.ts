import { z } from 'zod';

/** A line of the stream: label, stable's and the candidate's probability. */
export const StreamedPair = z.object({ y: z.union([z.literal(0), z.literal(1)]), s: z.number(), c: z.number() });

/** What evaluate-stream.ts prints. */
export const StreamEvaluated = z.object({
  rows: z.int(),
  readMs: z.number(),
  evaluateMs: z.number(),
  /** Largest resident memory of the process, before the first pair and in all. */
  startBytes: z.int(),
  peakBytes: z.int(),
  verdict: z.string(),
  worst: z.object({ name: z.string(), ours: z.number(), theirs: z.number(), error: z.number().nullable() }),
  compared: z.int(),
});
export type StreamEvaluated = z.infer<typeof StreamEvaluated>;
