/** Lines of one hour within a batch. */
export type Span = Readonly<{ hourMs: number; bytes: Uint8Array; rows: number }>;

const HOUR_MS = 3_600_000;
/** UTF-8 of a UTF-16 unit has at most this many bytes. */
const MAX_BYTES_PER_UNIT = 3;

type Half = { readonly bytes: Buffer; sizeBytes: number; spans: { hourMs: number; from: number; rows: number }[] };

/**
 * Lines on their way to the disk. Two buffers of a fixed size: one takes lines while the other is being written. What fits neither is
 * refused, so that a slow disk costs records and no memory.
 */
export class RecordBuffer {
  #filling: Half;
  #spare: Half | undefined;
  #written: Half | undefined;

  constructor(sizeBytes: number) {
    this.#filling = { bytes: Buffer.allocUnsafeSlow(sizeBytes), sizeBytes: 0, spans: [] };
    this.#spare = { bytes: Buffer.allocUnsafeSlow(sizeBytes), sizeBytes: 0, spans: [] };
  }

  /** Bytes that wait. */
  get sizeBytes(): number {
    return this.#filling.sizeBytes;
  }

  /** Takes a line, which ends with a line feed; false where it does not fit. */
  append(line: string, atMs: number): boolean {
    const half = this.#filling;
    const room = half.bytes.length - half.sizeBytes;
    if (line.length * MAX_BYTES_PER_UNIT > room && Buffer.byteLength(line) > room) return false;
    const hourMs = Math.floor(atMs / HOUR_MS) * HOUR_MS;
    const last = half.spans.at(-1);
    if (last?.hourMs === hourMs) last.rows += 1;
    else half.spans.push({ hourMs, from: half.sizeBytes, rows: 1 });
    half.sizeBytes += half.bytes.write(line, half.sizeBytes, 'utf8');
    return true;
  }

  /** Hands over what waits, valid until `release`; nothing while the batch before it is not released, or where nothing waits. */
  take(): readonly Span[] {
    if (this.#spare === undefined || this.#filling.sizeBytes === 0) return [];
    const half = this.#filling;
    this.#written = half;
    this.#filling = this.#spare;
    this.#spare = undefined;
    return half.spans.map(({ hourMs, from, rows }, index) => ({ hourMs, rows, bytes: half.bytes.subarray(from, half.spans[index + 1]?.from ?? half.sizeBytes) }));
  }

  /** The batch that was taken is written. */
  release(): void {
    if (this.#written === undefined) return;
    this.#written.sizeBytes = 0;
    this.#written.spans = [];
    this.#spare = this.#written;
    this.#written = undefined;
  }
}
