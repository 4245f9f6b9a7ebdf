import { createHash } from 'node:crypto';
import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import type { ModelCard } from '../../contracts/model-card.ts';

const PREFIX_BYTES = 8;

/** The customers that a trainer saw, as its card lists them: salted hashes, so that only who knows a customer can ask. */
export class TrainingEntities {
  readonly #salt: Buffer;
  readonly #prefixes: Buffer;
  /** How many are listed; null: the card lists none. */
  readonly count: number | null;

  /** @throws ChurnOpsError CardInvalid where the list is not what the card says of it: a search in it would miss customers */
  constructor({ version, trainingEntities }: Pick<ModelCard, 'version' | 'trainingEntities'>) {
    this.#salt = Buffer.from(trainingEntities?.salt ?? '', 'hex');
    this.#prefixes = Buffer.from(trainingEntities?.hashes ?? '', 'base64');
    this.count = trainingEntities?.count ?? null;
    if (this.#prefixes.length !== (this.count ?? 0) * PREFIX_BYTES) throw new ChurnOpsError('CardInvalid', `The card of ${version}: trainingEntities.hashes has not as many hashes as count says.`);
    for (let at = PREFIX_BYTES; at < this.#prefixes.length; at += PREFIX_BYTES) {
      if (this.#compare(at, this.#prefixes, at - PREFIX_BYTES) < 0) throw new ChurnOpsError('CardInvalid', `The card of ${version}: trainingEntities.hashes is not sorted.`);
    }
  }

  /** Whether a customer is listed. One in 2^64 / count others is taken for one of them. */
  has(entity: string): boolean {
    const wanted = createHash('sha256').update(this.#salt).update(entity).digest();
    let low = 0;
    let high = this.#prefixes.length / PREFIX_BYTES;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = this.#compare(middle * PREFIX_BYTES, wanted, 0);
      if (order === 0) return true;
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return false;
  }

  #compare(at: number, other: Buffer, from: number): number {
    return this.#prefixes.compare(other, from, from + PREFIX_BYTES, at, at + PREFIX_BYTES);
  }
}
