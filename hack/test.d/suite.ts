/** How many tests a stage ran. A stage that is one yes or no (lint, types) counts as one. */
export type Counts = Readonly<{ passed: number; failed: number; skipped: number }>;

export const NONE: Counts = { passed: 0, failed: 0, skipped: 0 };

/** A stage after it ran, or after it could not. */
export type Result = Readonly<{ name: string; counts: Counts; tookMs: number; note: string }>;

/** The sum over stages. */
export function total(all: readonly Counts[]): Counts {
  return all.reduce((sum, one) => ({ passed: sum.passed + one.passed, failed: sum.failed + one.failed, skipped: sum.skipped + one.skipped }), NONE);
}

/** The line by which people and CI know the run. */
export function summaryLine(counts: Counts): string {
  return `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;
}
