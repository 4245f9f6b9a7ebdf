import { randomFillSync } from 'node:crypto';
import type { Keyring } from './keyring.ts';

const TIME_BYTES = 6;
const RANDOM_BYTES = 9;
const PAYLOAD_BYTES = TIME_BYTES + RANDOM_BYTES;
/** Asking for random bytes one id at a time would cost as much as the rest. */
const POOL_BYTES = 256 * RANDOM_BYTES;
/** Of the MAC: 48 bits. */
const FRACTION_CHARS = 8;

const FORM = /^([a-z](?:[-a-z0-9]{0,38}[a-z0-9])?)\.([A-Za-z0-9_-]{20})([A-Za-z0-9_-]{16})$/;

/** What can be read of an id without any key. */
export type PredictionIdParts = Readonly<{
  model: string;
  /** When it was given out, epoch milliseconds. */
  atMs: number;
  signed: string;
  mac: string;
}>;

/**
 * Reads `<model>.<20 characters><16 characters>`: 48 bits of epoch milliseconds and 72 random ones, then the MAC over all before it.
 * Undefined for what has another form.
 */
export function readPredictionId(text: string): PredictionIdParts | undefined {
  const [, model = '', payload = '', mac = ''] = FORM.exec(text) ?? [];
  if (mac === '') return undefined;
  return { model, atMs: Buffer.from(payload, 'base64url').readUIntBE(0, TIME_BYTES), signed: `${model}.${payload}`, mac };
}

/** Makes the `id` of a prediction. Called once for each row that is answered. */
export type NewPredictionId = () => string;

/** What an id is for a model: its own, no id, one of another model, or one that none of its keys made. */
export type IdStanding = 'Own' | 'Malformed' | 'OtherModel' | 'UnknownKey';

/** What to say of an id that is not a model's own; whoever says it names the field, never the id. */
export const ID_PROBLEMS = {
  Malformed: 'is no prediction id',
  OtherModel: 'is the id of a prediction of another model',
  UnknownKey: 'is no id that this model gave out',
} as const satisfies Record<Exclude<IdStanding, 'Own'>, string>;

/** Gives out and recognizes the prediction ids of one model. */
export class PredictionIds {
  readonly #model: string;
  #keyring: Keyring;
  readonly #pool = Buffer.alloc(POOL_BYTES);
  #used = POOL_BYTES;
  readonly #payload = Buffer.alloc(PAYLOAD_BYTES);

  /** @param model name of the ChurnModel: at most 40 characters, DNS-1035 */
  constructor(model: string, keyring: Keyring) {
    this.#model = model;
    this.#keyring = keyring;
  }

  /** From now on these keys sign and verify. */
  useKeys(keyring: Keyring): void {
    this.#keyring = keyring;
  }

  /** A new id. */
  issue(nowMs: number): string {
    if (this.#used === POOL_BYTES) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    this.#payload.writeUIntBE(Math.min(Math.max(0, Math.floor(nowMs)), 2 ** 48 - 1), 0, TIME_BYTES);
    this.#pool.copy(this.#payload, TIME_BYTES, this.#used, this.#used + RANDOM_BYTES);
    this.#used += RANDOM_BYTES;
    const signed = `${this.#model}.${this.#payload.toString('base64url')}`;
    return signed + this.#keyring.sign(signed, nowMs);
  }

  standing(text: string): IdStanding {
    const parts = readPredictionId(text);
    if (parts === undefined) return 'Malformed';
    if (parts.model !== this.#model) return 'OtherModel';
    return this.#keyring.verifies(parts.signed, parts.mac) ? 'Own' : 'UnknownKey';
  }
}

/** A number in [0, 1), the same for an id whoever asks, evenly spread over ids: for samples. */
export function idFraction(id: string): number {
  return Buffer.from(id.slice(-FRACTION_CHARS), 'base64url').readUIntBE(0, TIME_BYTES) / 2 ** 48;
}
