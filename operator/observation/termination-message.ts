import type { z } from 'zod';

/** The report that a container left as its termination message, if it left one of this schema that can be read. */
export function reportOf<Schema extends z.ZodType>(schema: Schema, message: string | undefined): z.output<Schema> | undefined {
  if (message === undefined) return undefined;
  try {
    return schema.safeParse(JSON.parse(message)).data;
  } catch {
    return undefined;
  }
}
