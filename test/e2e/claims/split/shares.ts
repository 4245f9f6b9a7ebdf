import { createHash } from 'node:crypto';

/**
 * Where a customer stands between 0 and 1 for a candidate, computed as docs/traffic.md tells anybody to: this shares no code with the pods.
 */
export function standing(candidateHash: string, customer: string): number {
  return createHash('sha256').update(`${candidateHash}\n${customer}`, 'utf8').digest().readUInt32BE(0) / 2 ** 32;
}

/** Whether a customer is on the candidate's side at so many percent. */
export function isOnCandidateSide(candidateHash: string, percent: number, customer: string): boolean {
  return standing(candidateHash, customer) * 100 < percent;
}

/**
 * Chance that a binomial count is at least as far from its mean as `count` is, to either side.
 * @param probability 0..1, of each of `trials`
 */
export function binomialChance({ trials, probability, count }: Readonly<{ trials: number; probability: number; count: number }>): number {
  if (probability === 0 || probability === 1) return count === trials * probability ? 1 : 0;
  const mean = trials * probability;
  // Counts that lie as far off as this one are meant to be in, whatever the last digit of the mean.
  const distance = Math.abs(count - mean) - 1e-9;
  const logOdds = Math.log(probability / (1 - probability));
  let logMass = trials * Math.log(1 - probability);
  let chance = 0;
  for (let each = 0; each <= trials; each += 1) {
    if (Math.abs(each - mean) >= distance) chance += Math.exp(logMass);
    logMass += Math.log((trials - each) / (each + 1)) + logOdds;
  }
  return Math.min(1, chance);
}
