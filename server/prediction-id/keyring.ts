import { randomBytes, timingSafeEqual } from 'node:crypto';
import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import { PredictionKeys } from '../../contracts/feedback.ts';
import { PredictionMac } from './prediction-mac.ts';

type Key = Readonly<{ mac: PredictionMac; signFromMs: number }>;

const SECRET_BYTES = 32;

/** The keys that sign and verify prediction ids (contracts/feedback.ts says which does what). */
export class Keyring {
  readonly #keys: readonly Key[];

  /** @param keys at least one */
  constructor(keys: readonly Readonly<{ secret: Uint8Array; signFromMs: number }>[]) {
    if (keys.length === 0) throw new RangeError('a keyring needs a key');
    this.#keys = keys.map(({ secret, signFromMs }) => ({ mac: new PredictionMac(secret), signFromMs })).toSorted((a, b) => a.signFromMs - b.signFromMs);
  }

  /** The key whose time has come last; while none has, the one that comes first. */
  sign(text: string, nowMs: number): string {
    const [first] = this.#keys;
    const key = this.#keys.findLast(({ signFromMs }) => signFromMs <= nowMs) ?? first;
    if (key === undefined) throw new RangeError('a keyring needs a key');
    return key.mac.of(text);
  }

  /** Whether any of the keys made this MAC. */
  verifies(text: string, mac: string): boolean {
    const given = Buffer.from(mac, 'latin1');
    let found = false;
    for (const { mac: key } of this.#keys) {
      const expected = Buffer.from(key.of(text), 'latin1');
      if (expected.length === given.length && timingSafeEqual(expected, given)) found = true;
    }
    return found;
  }
}

/** One key that nobody else has: ids made with it are of the usual form, and no other pod takes a label for them. */
export function ephemeralKeyring(): Keyring {
  return new Keyring([{ secret: randomBytes(SECRET_BYTES), signFromMs: 0 }]);
}

/**
 * Reads `keys.json` of the Secret.
 * @throws ChurnOpsError ConfigurationInvalid; its message names the field and never its value
 */
export function parseKeyring(text: string): Keyring {
  const parsed = PredictionKeys.safeParse(parseJson(text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ChurnOpsError('ConfigurationInvalid', `The keys of prediction ids: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'cannot be read'}.`);
  }
  return new Keyring(parsed.data.keys.map(({ secret, signFrom }) => ({ secret: Buffer.from(secret, 'base64'), signFromMs: Date.parse(signFrom) })));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ChurnOpsError('ConfigurationInvalid', 'The keys of prediction ids are no JSON.');
  }
}
