/** RFC 3339 of an instant, in milliseconds: deadlines must not gain or lose a second by being written down. */
export function instant(ms: number): string {
  return new Date(ms).toISOString();
}
