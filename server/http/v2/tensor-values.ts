import { isUtf8 } from 'node:buffer';
import type { InputColumn } from '../../../contracts/model-card.ts';
import { kindOf } from '../../validation/column-check.ts';
import { LENGTH_BYTES, NUMBER_FORMATS } from './datatypes.ts';
import type { NumberDatatype, NumberFormat } from './datatypes.ts';
import { quoted, wrong } from './infer-request.ts';
import type { Tensor } from './infer-request.ts';

/** Codecs of MLServer whose texts are the categories themselves; base64 or pd_json would be scored as unknown categories. */
const PLAIN_TEXT: ReadonlySet<string | undefined> = new Set([undefined, 'str', 'np', 'pd']);

/**
 * The values of a tensor as `{"instances"}` would have them: numbers or texts, null where unknown (null, NaN). Whether a column takes them
 * is checked later, as for every protocol.
 * @throws ChurnOpsError InvalidTensors when the datatype is none for the column, or values and datatype differ
 */
export function valuesOf(tensor: Tensor, column: Pick<InputColumn, 'name' | 'type'>, rows: number): readonly unknown[] {
  const { name, datatype, content } = tensor;
  if (column.type === 'number') {
    if (datatype === 'BYTES') throw wrong(`${quoted(name)} is a number: send it as FP64, FP32, BOOL or one of INT and UINT, not as BYTES.`);
    const format: NumberFormat = NUMBER_FORMATS[datatype];
    return 'binary' in content ? binaryNumbers(tensor, format, content.binary, rows) : content.json.map((value, row) => jsonNumber(tensor, datatype, format, value, row));
  }
  if (datatype !== 'BYTES') throw wrong(`${quoted(name)} is a category: send it as BYTES, not as ${datatype}.`);
  if (!PLAIN_TEXT.has(tensor.contentType)) throw wrong(`${quoted(name)} has the content_type ${quoted(tensor.contentType ?? '')}: send plain text, which is str.`);
  return 'binary' in content ? binaryTexts(tensor, content.binary, rows) : content.json;
}

/** Refuses a binary tensor whose size is not that of its rows; for columns whose values nobody needs. */
export function assertSize({ name, datatype, content }: Tensor, rows: number): void {
  if (!('binary' in content)) return;
  const sizeBytes = datatype === 'BYTES' ? undefined : NUMBER_FORMATS[datatype].sizeBytes * rows;
  if (sizeBytes !== undefined && content.binary.length !== sizeBytes) throw wrongSize(name, content.binary, `${rows} values of ${datatype} have ${sizeBytes}`);
}

function binaryNumbers(tensor: Tensor, { sizeBytes, read }: NumberFormat, bytes: Buffer, rows: number): readonly (number | null)[] {
  assertSize(tensor, rows);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: rows }, (_, row) => {
    const value = read(view, row * sizeBytes);
    return Number.isNaN(value) ? null : value;
  });
}

function jsonNumber({ name }: Tensor, datatype: NumberDatatype, { whole }: NumberFormat, value: unknown, row: number): unknown {
  if (value === null) return null;
  if (datatype === 'BOOL' && typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value !== 'number') throw wrong(`${quoted(name)} has ${kindOf(value)} in row ${row}, and is declared as ${datatype}.`);
  if (whole !== undefined && !(Number.isInteger(value) && value >= whole.from && value <= whole.to)) throw wrong(`${quoted(name)} has a number in row ${row} that is no ${datatype}.`);
  return value;
}

/** Texts of a BYTES tensor: each has its length in front, 4 bytes, little-endian. */
function binaryTexts({ name }: Tensor, bytes: Buffer, rows: number): readonly string[] {
  const texts: string[] = [];
  let at = 0;
  while (at < bytes.length && texts.length < rows) {
    const left = bytes.length - at - LENGTH_BYTES;
    const length = left < 0 ? undefined : bytes.readUInt32LE(at);
    if (length === undefined || length > left) throw wrong(`${quoted(name)} ends within the text of row ${texts.length}.`);
    const text = bytes.subarray(at + LENGTH_BYTES, at + LENGTH_BYTES + length);
    if (!isUtf8(text)) throw wrong(`${quoted(name)} has a text in row ${texts.length} that is not UTF-8.`);
    texts.push(text.toString('utf8'));
    at += LENGTH_BYTES + length;
  }
  if (texts.length < rows || at < bytes.length) throw wrongSize(name, bytes, `its ${rows} texts do not fill them exactly`);
  return texts;
}

function wrongSize(name: string, bytes: Buffer, why: string): ReturnType<typeof wrong> {
  return wrong(`${quoted(name)} has ${bytes.length} binary bytes, and ${why}.`);
}
