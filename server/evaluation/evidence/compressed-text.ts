import { gzipSync } from 'node:zlib';

/** As much text is compressed at once. */
const PIECE_CHARS = 1 << 20;

/**
 * Collects text as a gzip file, compressed piece by piece, so that memory is that of what is compressed: members one after the other are a
 * gzip file (RFC 1952, section 2.2).
 */
export class CompressedText {
  readonly #pieces: Buffer[] = [];
  #text = '';

  add(text: string): void {
    this.#text += text;
    if (this.#text.length >= PIECE_CHARS) this.#compress();
  }

  /** The file. Add no more after it. */
  bytes(): Buffer {
    // An empty one is a gzip of nothing, not no gzip.
    if (this.#text !== '' || this.#pieces.length === 0) this.#compress();
    return Buffer.concat(this.#pieces);
  }

  #compress(): void {
    this.#pieces.push(gzipSync(this.#text));
    this.#text = '';
  }
}
