/** A lost node loses at most a minute of predictions (DESIGN section 3.3): 55 s, and some for writing and sending. */
export const SHIP_EVERY_MS = 55_000;
const FIRST_RETRY_MS = 5000;

/**
 * When segments are shipped next. Pods that were born together drift apart; after failures it begins at 5 s and doubles up to a minute,
 * half of it by lot, so that a store that comes back is not met by all pods at once.
 * @param failures tries in a row that failed
 * @param random in [0, 1)
 */
export function shipDelayMs(failures: number, random: () => number): number {
  if (failures === 0) return SHIP_EVERY_MS - random() * (SHIP_EVERY_MS / 10);
  const capMs = Math.min(SHIP_EVERY_MS, FIRST_RETRY_MS * 2 ** (failures - 1));
  return capMs / 2 + (random() * capMs) / 2;
}
