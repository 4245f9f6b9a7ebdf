import { instant } from './instant.ts';

/** A due time for people: whole seconds are enough. */
export function dueAt(ms: number): string {
  return instant(ms).replace(/\.\d+Z$/, 'Z');
}
