import { MAX_BODY_BYTES } from '../../contracts/prediction.ts';

const FIRST_BYTES = 4096;
const OPEN_BRACE = 0x7b;

/**
 * The bytes of a request as they arrive, in one buffer: of the declared length, else doubling up to MAX_BODY_BYTES. Chunks are copied and
 * forgotten, since a sender chooses how many there are: a Buffer for every byte takes some 100 times what was sent.
 */
export class RequestBody {
  readonly #declaredBytes: number | undefined;
  #buffer: Buffer = Buffer.alloc(0);
  #sizeBytes = 0;

  /** @param declaredBytes Content-Length; undefined where the body comes in chunks */
  constructor(declaredBytes: number | undefined) {
    this.#declaredBytes = declaredBytes;
  }

  /** Takes a chunk. False, and nothing is kept, when the body is longer than MAX_BODY_BYTES. */
  append(chunk: Uint8Array): boolean {
    const needed = this.#sizeBytes + chunk.length;
    if (needed > MAX_BODY_BYTES) {
      this.#buffer = Buffer.alloc(0);
      return false;
    }
    if (needed > this.#buffer.length) this.#widen(needed);
    this.#buffer.set(chunk, this.#sizeBytes);
    this.#sizeBytes = needed;
    return true;
  }

  /** Memory that it takes, and that what `take` gives keeps alive: up to twice what has arrived. */
  get heldBytes(): number {
    return this.#buffer.length;
  }

  /** Hands over what has arrived and keeps nothing: the body outlives neither its decompression nor its turn, however long the answer takes. */
  take(): Buffer {
    const taken = this.#buffer.subarray(0, this.#sizeBytes);
    this.#buffer = Buffer.alloc(0);
    this.#sizeBytes = 0;
    return taken;
  }

  #widen(needed: number): void {
    const wanted = this.#declaredBytes ?? Math.max(FIRST_BYTES, this.#buffer.length * 2);
    const wider = Buffer.allocUnsafe(Math.min(MAX_BODY_BYTES, Math.max(needed, wanted)));
    wider.set(this.#buffer.subarray(0, this.#sizeBytes));
    this.#buffer = wider;
  }
}

/**
 * How many rows a predict body can have, without parsing it: every row has a brace, and one is around all of them. Braces in texts and
 * nested objects make it too many, never too few; beyond `most` nobody needs to know.
 */
export function rowsAtMost(body: Buffer, most: number): number {
  let braces = 0;
  for (let at = body.indexOf(OPEN_BRACE); at >= 0 && braces <= most; at = body.indexOf(OPEN_BRACE, at + 1)) braces += 1;
  return Math.min(most, Math.max(1, braces - 1));
}
