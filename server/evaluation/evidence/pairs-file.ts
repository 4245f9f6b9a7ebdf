import { createHash } from 'node:crypto';
import { PairCollector } from '../../../statistics/pair-collector.ts';
import type { PairedScores } from '../../../statistics/sample.ts';
import { CompressedText } from './compressed-text.ts';

/** One observation: a customer, or a prediction where nobody is named. */
export type PairedRow = Readonly<{
  /** Who it is, in a form that tells customers from predictions. */
  unit: string;
  positive: boolean;
  /** Undefined for a version with none beside it. */
  stable: number | undefined;
  candidate: number;
}>;

const HEADER = 'entity,positive,stable,candidate\n';
const HASH_DIGITS = 16;

/** Collects pairs for the statistics, and at once as the file that evidence names. 17 bytes a pair for the one, some 35 for the other. */
export class PairsFile {
  readonly #salt: Buffer;
  readonly #pairs = new PairCollector();
  readonly #text = new CompressedText();

  /** @param salt hex */
  constructor(salt: string) {
    this.#salt = Buffer.from(salt, 'hex');
    this.#text.add(HEADER);
  }

  /** Pairs so far. */
  get size(): number {
    return this.#pairs.size;
  }

  add({ unit, positive, stable, candidate }: PairedRow): void {
    this.#pairs.add(positive, stable ?? candidate, candidate);
    const entity = createHash('sha256').update(this.#salt).update(unit).digest('hex').slice(0, HASH_DIGITS);
    this.#text.add(`${entity},${positive ? 1 : 0},${stable ?? ''},${candidate}\n`);
  }

  /** All pairs, in their order; `stable` repeats the candidate's scores where there is no stable version. @throws InvalidSample */
  pairs(): PairedScores {
    return this.#pairs.pairs();
  }

  /** The file. Add no more after it. */
  bytes(): Buffer {
    return this.#text.bytes();
  }
}

/** What is wrong with a file of pairs. */
export class UnreadablePairs extends Error {
  override readonly name = 'UnreadablePairs';
}

/**
 * Reads what PairsFile wrote.
 * @returns also whether there is a stable version
 * @throws UnreadablePairs naming the line
 */
export function readPairs(text: string): Readonly<{ pairs: PairedScores; hasStable: boolean }> {
  if (!text.startsWith(HEADER) || !text.endsWith('\n')) throw new UnreadablePairs('its first line is not the header, or its last one is cut off');
  const collector = new PairCollector();
  let stables = 0;
  let line = 1;
  for (let from = HEADER.length; from < text.length; ) {
    const end = text.indexOf('\n', from);
    line += 1;
    const [entity = '', positive = '', stable = '', candidate = '', ...rest] = text.slice(from, end).split(',');
    const numbers = [stable === '' ? candidate : stable, candidate];
    if (!/^[0-9a-f]{16}$/.test(entity) || !/^[01]$/.test(positive) || rest.length > 0 || !numbers.every((number) => number !== '' && Number.isFinite(Number(number)))) {
      throw new UnreadablePairs(`line ${line} is no pair`);
    }
    if (stable !== '') stables += 1;
    collector.add(positive === '1', Number(numbers[0]), Number(candidate));
    from = end + 1;
  }
  if (stables !== 0 && stables !== collector.size) throw new UnreadablePairs('some lines have a score of stable, some have none');
  return { pairs: collector.pairs(), hasStable: stables > 0 };
}
