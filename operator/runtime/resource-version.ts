/**
 * Compares two resource versions as the integers that Kubernetes 1.35 and later promise: negative when `a` is older.
 * Decimal without leading zeros and of any size, so by length, then by digits. undefined when one is no such number:
 * an aggregated API server may use other words, and no order is better than a wrong one.
 */
export function compareResourceVersions(a: string, b: string): number | undefined {
  if (!isVersion(a) || !isVersion(b)) return undefined;
  if (a.length !== b.length) return a.length - b.length;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Whether `a` is known to be older than `b`. */
export function isOlder(a: string, b: string): boolean {
  const order = compareResourceVersions(a, b);
  return order !== undefined && order < 0;
}

function isVersion(text: string): boolean {
  return /^[1-9]\d*$/.test(text);
}
