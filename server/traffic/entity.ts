/** A longer text names no customer: it would not be kept in journal and labels either. */
const MAX_ENTITY_CHARS = 256;

/**
 * The customer as text: a text as it is, a number as JSON writes it, so that 7590 and "7590" are the same customer. Undefined for what
 * names nobody: nothing, null, a blank text or one of more than 256 characters, and what is no text and no number.
 */
export function entityText(value: unknown): string | undefined {
  if (typeof value === 'string') return value.trim() === '' || value.length > MAX_ENTITY_CHARS ? undefined : value;
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : undefined;
}
