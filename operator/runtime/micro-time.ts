/**
 * `metav1.MicroTime` of an instant: RFC 3339 with exactly six fractional digits.
 * JavaScript's three are refused by the API server (400), which has kept an operator from ever leading.
 */
export function microTime(epochMs: number): string {
  return `${new Date(Math.floor(epochMs)).toISOString().slice(0, -1)}000Z`;
}

/** The inverse of {@link microTime}, in whole milliseconds; undefined for what is no instant. */
export function microTimeMs(text: string): number | undefined {
  const epochMs = Date.parse(text);
  return Number.isNaN(epochMs) ? undefined : epochMs;
}
