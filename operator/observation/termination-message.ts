import type { z } from 'zod';
import { jsonOrUndefined } from '../../contracts/json.ts';

/** The report that a container left as its termination message, if it left one of this schema that can be read. */
export function reportOf<Schema extends z.ZodType>(schema: Schema, message: string | undefined): z.output<Schema> | undefined {
  return message === undefined ? undefined : schema.safeParse(jsonOrUndefined(message)).data;
}
