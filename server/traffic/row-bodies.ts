import { MAX_BODY_BYTES } from '../../contracts/prediction.ts';

/** A predict body and which rows of the caller's request are in it, in its order. */
export type RowsBody = Readonly<{ rows: readonly number[]; body: string | Buffer; sizeBytes: number }>;

/** A row as `{"instances"}` has it. */
export type RowAt = (row: number) => Readonly<Record<string, unknown>>;

const HEAD = '{"instances":[';
const TAIL = ']}';

/**
 * Predict bodies for some rows of a request, as few as the limit of a body allows: rows that came as tensors name their columns once each
 * here, and may take several times the room.
 * @returns also the rows that are too long for any body
 */
export function rowBodies(rows: readonly number[], rowAt: RowAt, maxBytes: number = MAX_BODY_BYTES): Readonly<{ bodies: readonly RowsBody[]; tooLarge: readonly number[] }> {
  const bodies: RowsBody[] = [];
  const tooLarge: number[] = [];
  const room = maxBytes - HEAD.length - TAIL.length;
  let taken: number[] = [];
  let text = '';
  let sizeBytes = 0;
  const finish = (): void => {
    if (taken.length > 0) bodies.push({ rows: taken, body: HEAD + text + TAIL, sizeBytes: HEAD.length + sizeBytes + TAIL.length });
    [taken, text, sizeBytes] = [[], '', 0];
  };
  for (const row of rows) {
    const json = JSON.stringify(rowAt(row));
    const bytes = Buffer.byteLength(json);
    if (bytes > room) {
      tooLarge.push(row);
      continue;
    }
    if (taken.length > 0 && sizeBytes + 1 + bytes > room) finish();
    if (taken.length > 0) sizeBytes += 1;
    text += taken.length === 0 ? json : `,${json}`;
    sizeBytes += bytes;
    taken.push(row);
  }
  finish();
  return { bodies, tooLarge };
}
