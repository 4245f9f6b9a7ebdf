import type { z } from 'zod';
import { ChurnOpsError } from '../../contracts/error-catalogue.ts';

/**
 * Compiles environment variables into a type without gaps, once, at the start of a process.
 * An empty variable counts as unset, as in a manifest whose optional value is blank. Values are never part of the error: they may be secret.
 * @throws ChurnOpsError ConfigurationInvalid, naming every variable that is missing or wrong
 */
export function parseEnvironment<Schema extends z.ZodType>(schema: Schema, environment: Readonly<Record<string, string | undefined>>): z.output<Schema> {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => {
    const name = issue.path.join('.');
    return Object.hasOwn(given, name) || issue.code === 'custom' ? `${name}: ${issue.message}` : `${name} is not set`;
  });
  throw new ChurnOpsError('ConfigurationInvalid', `Environment: ${problems.join('; ')}`);
}
