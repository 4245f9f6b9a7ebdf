import { expit } from '../../../../statistics/interval.ts';
import type { PairedScores } from '../../../../statistics/sample.ts';
import type { RandomStream } from '../../random-stream.ts';

/** A kind of sample: `decimals` rounds scores, which makes ties; `noise` is how far the candidate is from stable. */
export type SampleKind = Readonly<{ name: string; rows: number; prevalence: number; decimals?: number; noise: number }>;

export const KINDS: readonly SampleKind[] = [
  { name: 'continuous', rows: 400, prevalence: 0.265, noise: 0.5 },
  { name: 'two decimals', rows: 700, prevalence: 0.113, decimals: 2, noise: 0.5 },
  { name: 'ten scores', rows: 300, prevalence: 0.4, decimals: 1, noise: 1 },
  { name: 'few positives', rows: 200, prevalence: 0.04, decimals: 3, noise: 0.3 },
  { name: 'hardly alike', rows: 250, prevalence: 0.5, noise: 5 },
  { name: 'nearly the same', rows: 1000, prevalence: 0.265, noise: 0.01 },
  { name: 'twenty thousand', rows: 20_000, prevalence: 0.265, decimals: 4, noise: 0.5 },
];

/** One customer: label, stable's probability, the candidate's. */
export type Drawn = Readonly<{ positive: 0 | 1; stable: number; candidate: number }>;

/** Probabilities of two versions that see the same customer, neither of them calibrated. Never 0 or 1, where scipy's divergence is infinite. */
export function drawOne({ prevalence, decimals, noise }: SampleKind, random: RandomStream): Drawn {
  const positive = random.uniform() < prevalence ? 1 : 0;
  const logOdds = 1.4 * positive - 1.2 + random.normal();
  const rounded = (p: number): number => (decimals === undefined ? p : Math.min(1 - 10 ** -decimals, Math.max(10 ** -decimals, Number(p.toFixed(decimals)))));
  return { positive, stable: rounded(expit(logOdds)), candidate: rounded(expit(logOdds + noise * random.normal())) };
}

/** So many of them; at least two of each class, whatever chance says. */
export function drawSample(kind: SampleKind, random: RandomStream): PairedScores {
  const drawn = Array.from({ length: kind.rows }, (_, index): Drawn => {
    const one = drawOne(kind, random);
    return index < 4 ? { ...one, positive: index % 2 === 0 ? 1 : 0 } : one;
  });
  return {
    positive: Uint8Array.from(drawn, ({ positive }) => positive),
    stable: Float64Array.from(drawn, ({ stable }) => stable),
    candidate: Float64Array.from(drawn, ({ candidate }) => candidate),
  };
}
