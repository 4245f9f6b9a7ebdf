import { z } from 'zod';
import { API_VERSION } from '../names.ts';
import { rules } from './field-types.ts';
import { ChurnModelSpec } from './spec.ts';
import { ChurnModelStatus } from './status.ts';

/** Rules that need the object's name. */
export const ROOT_RULES = rules(
  { rule: 'self.metadata.name.size() <= 40', message: 'metadata.name: use at most 40 characters, children add to it' },
  {
    rule: "self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
    message: 'metadata.name: start with a letter and use lower-case letters, digits and - only; it becomes the name of a Service',
  },
);

/** Metadata that we read of any object. */
export const ObjectMetadata = z.object({
  name: z.string(),
  namespace: z.string(),
  uid: z.string(),
  resourceVersion: z.string(),
  generation: z.int().default(0),
  creationTimestamp: z.string().optional(),
  deletionTimestamp: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});

/** A ChurnModel as the API server gives it. */
export const ChurnModel = z.object({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal('ChurnModel'),
  metadata: ObjectMetadata,
  spec: ChurnModelSpec,
  status: ChurnModelStatus.optional(),
});
export type ChurnModel = z.infer<typeof ChurnModel>;
