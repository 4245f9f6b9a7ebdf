import { z } from 'zod';

/** What the scale subresource answers. */
export type Scale = Readonly<{ desiredReplicas: number; currentReplicas: number; resourceVersion: string }>;

/** The scale subresource as far as it is read. */
export const ScaleAnswer = z.object({
  metadata: z.object({ resourceVersion: z.string() }),
  spec: z.object({ replicas: z.number().default(0) }).default({ replicas: 0 }),
  status: z.object({ replicas: z.number().default(0) }).default({ replicas: 0 }),
});
