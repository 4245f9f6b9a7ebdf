import type { CandidateAbsence } from '../../contracts/traffic.ts';
import { isWithin } from './share.ts';

/** Whom the rows of a request are about. */
export type RowEntities = Readonly<{
  rows: number;
  /** The customer of a row as text; undefined where it names nobody. */
  entityOf: (row: number) => string | undefined;
  requestId: string;
}>;

/** The candidate's share of the customers, and what salts it. */
export type Split = Readonly<{ percent: number; candidateHash: string }>;

/**
 * Rows that the candidate is to answer, by the customer; a row that names nobody goes by its request, so that such rows of one request go
 * together.
 * @returns indices, in order
 */
export function candidateRows({ rows, entityOf, requestId }: RowEntities, { percent, candidateHash }: Split): readonly number[] {
  const chosen: number[] = [];
  for (let row = 0; row < rows; row += 1) if (isWithin(percent, candidateHash, entityOf(row) ?? requestId)) chosen.push(row);
  return chosen;
}

/** What each of `rows` rows is answered with, given the outcomes of the chosen ones in their order; the others are on the stable side. */
export function mergeRows<Outcome>(rows: number, chosen: readonly number[], outcomes: readonly (Outcome | CandidateAbsence)[]): readonly (Outcome | CandidateAbsence)[] {
  const merged: (Outcome | CandidateAbsence)[] = Array.from({ length: rows }, () => 'StableSide');
  for (const [index, row] of chosen.entries()) merged[row] = outcomes[index] ?? 'InvalidAnswer';
  return merged;
}
