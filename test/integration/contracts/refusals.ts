import { z } from 'zod';
import type { Tried } from '../../e2e/kube.ts';

const Answer = z.object({
  details: z.object({ causes: z.array(z.object({ field: z.string(), message: z.string() })).default([]) }).prefault({}),
});

/** The API server adds this to any refusal that keeps it from looking at the other rules. */
const FURTHER_RULES = 'some validation rules were not checked because the object was invalid';

/** The value that was refused, which the API server repeats before what it says. */
const REPEATED_VALUE = /^Invalid value: (?:(?:"(?:[^"\\]|\\.)*"|-?[\d.]+|null): )?/;

/**
 * What the API server says of an object, one entry per fault: `field: what to do`.
 * Rules about the whole object, which have no field, name it themselves.
 */
export function refusalsOf({ message, body }: Tried): readonly string[] {
  const unknownField = /strict decoding error: (.*)$/.exec(message)?.[1];
  if (unknownField !== undefined) return [unknownField];
  return Answer.parse(body)
    .details.causes.filter((cause) => !cause.message.includes(FURTHER_RULES))
    .map((cause) => `${cause.field === '<nil>' ? '' : `${cause.field}: `}${cause.message.replace(REPEATED_VALUE, '')}`);
}

/** Whether a server-side apply is refused, too: with the same words, or, for what it cannot even read, by the field's name. */
export function isRefusedAlike(created: Tried, applied: Tried): boolean {
  if (applied.status < 400) return false;
  if (applied.message === created.message) return true;
  const field = /spec[\w.]*/.exec(refusalsOf(created)[0] ?? '')?.[0];
  return field !== undefined && applied.message.startsWith('failed to create typed patch object') && applied.message.includes(`.${field}: `);
}

/** A field of any object by its dotted path; undefined where there is none. */
export function fieldAt(object: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, key) => Fields.safeParse(inner).data?.[key], object);
}

const Fields = z.union([z.array(z.unknown()).transform((list) => Object.fromEntries(list.entries())), z.record(z.string(), z.unknown())]);
