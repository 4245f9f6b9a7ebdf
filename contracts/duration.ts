const UNIT_MS = { h: 3_600_000, m: 60_000, s: 1000 } as const;

/**
 * Milliseconds of a duration as ChurnModel fields write them: 30s, 10m, 1h30m, 720h.
 * @throws RangeError when the text is no such duration
 */
export function durationMs(text: string): number {
  const parts = [...text.matchAll(/([0-9]{1,6})(h|m|s)/g)];
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== text) throw new RangeError(`${text.slice(0, 24)} is no duration such as 10m or 1h30m`);
  return parts.reduce((sum, part) => {
    const unit = part[2];
    return sum + Number(part[1]) * (unit === 'h' || unit === 'm' || unit === 's' ? UNIT_MS[unit] : 0);
  }, 0);
}
