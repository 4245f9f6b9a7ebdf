import { z } from 'zod';
import { Scenario } from './scenario.ts';

/** Some rollouts of a scenario for a thread. */
export const Task = z.object({
  scenario: Scenario,
  seed: z.int(),
  from: z.int(),
  count: z.int(),
  /** Repeated customers: also count scores, in rollouts below this index. */
  scoresBelow: z.int(),
});
export type Task = z.infer<typeof Task>;

const EndingSchema = z.object({ verdict: z.enum(['Pass', 'Fail', 'Inconclusive']), labels: z.int() });

/** What became of them: by manner of looking, one ending a rollout. */
export const TaskEndings = z.record(z.string(), z.array(EndingSchema));
export type TaskEndings = z.infer<typeof TaskEndings>;
