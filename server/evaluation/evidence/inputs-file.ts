import { gunzipSync, gzipSync } from 'node:zlib';
import { EvidenceInput } from '../../../contracts/evaluation-evidence.ts';

/** Some 8,000 inputs. */
const PIECE_CHARS = 1 << 20;

/** Collects what a verdict rests on, as the file that evidence names: a journal of a month may have a hundred thousand objects. */
export class InputsFile {
  readonly #pieces: Buffer[] = [];
  #text = '';
  #objects = 0;

  get objects(): number {
    return this.#objects;
  }

  add({ kind, url, sha256, sizeBytes }: EvidenceInput): void {
    this.#text += `${JSON.stringify({ kind, url, sha256, sizeBytes })}\n`;
    this.#objects += 1;
    if (this.#text.length >= PIECE_CHARS) this.#compress();
  }

  /** The file. Add no more after it. */
  bytes(): Buffer {
    this.#compress();
    // An empty one is a gzip of nothing, not no gzip.
    return this.#pieces.length === 0 ? gzipSync('') : Buffer.concat(this.#pieces);
  }

  #compress(): void {
    if (this.#text !== '') this.#pieces.push(gzipSync(this.#text));
    this.#text = '';
  }
}

/** Reads what InputsFile wrote. @throws Error of zlib, JSON or zod where it is no such file */
export function readInputs(bytes: Uint8Array): readonly EvidenceInput[] {
  const lines = gunzipSync(bytes).toString('utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => EvidenceInput.parse(JSON.parse(line)));
}
