/**
 * The customer as text: a text as it is, a number as JSON writes it, so that 7590 and "7590" are the same customer. Undefined for what
 * names nobody: nothing, null, a blank text, and what is no text and no number.
 */
export function entityText(value: unknown): string | undefined {
  if (typeof value === 'string') return value.trim() === '' ? undefined : value;
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : undefined;
}
