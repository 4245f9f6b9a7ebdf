import type { Estimate } from './delong.ts';
import { normalCdf } from './normal.ts';

/** A test of whether two versions rank alike: `z` in standard errors, `p` two-sided, 0..1. */
export type PairedTest = Readonly<{ z: number; p: number }>;

/**
 * Whether a difference of AUCs on the same customers differs from 0: `z = difference / SE`, `p = 2 (1 - Phi(|z|))`. For people; no gate decides by it.
 * Source: DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44:837-845, section 3.
 * @returns undefined where the variance is 0: all comparisons came out alike, and there is nothing to test with
 */
export function pairedTest({ value, variance }: Estimate): PairedTest | undefined {
  if (variance === 0) return undefined;
  const z = value / Math.sqrt(variance);
  return { z, p: 2 * normalCdf(-Math.abs(z)) };
}
