import { gunzipSync } from 'node:zlib';
import { EvidenceInput } from '../../../contracts/evaluation-evidence.ts';
import { CompressedText } from './compressed-text.ts';

/** Collects what a verdict rests on, as the file that evidence names: a journal of a month may have a hundred thousand objects. */
export class InputsFile {
  readonly #text = new CompressedText();
  #objects = 0;

  get objects(): number {
    return this.#objects;
  }

  add({ kind, url, sha256, sizeBytes }: EvidenceInput): void {
    this.#text.add(`${JSON.stringify({ kind, url, sha256, sizeBytes })}\n`);
    this.#objects += 1;
  }

  /** The file. Add no more after it. */
  bytes(): Buffer {
    return this.#text.bytes();
  }
}

/** Reads what InputsFile wrote. @throws Error of zlib, JSON or zod where it is no such file */
export function readInputs(bytes: Uint8Array): readonly EvidenceInput[] {
  const lines = gunzipSync(bytes).toString('utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => EvidenceInput.parse(JSON.parse(line)));
}
