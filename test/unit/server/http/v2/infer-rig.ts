import type { GoldenRows } from '../../../../../contracts/model-card.ts';

export const INFER = '/v2/models/tiny-churn/infer';

/** A tensor of a request; with `bytes` it is a binary one. */
export type Tensor = Readonly<{
  name: string;
  datatype: string;
  shape: readonly unknown[];
  data?: readonly unknown[] | undefined;
  bytes?: Buffer;
  parameters?: object;
}>;

/** The first golden rows, as V1 takes them. */
export function customers(golden: GoldenRows, count: number): readonly Readonly<Record<string, unknown>>[] {
  return golden.rows.slice(0, count).map((row) => Object.fromEntries(golden.columns.map((column, at) => [column, row[at] ?? null])));
}

/** The same rows column by column. */
export function tensorsOf(rows: readonly Readonly<Record<string, unknown>>[]): readonly Tensor[] {
  return ['tenure', 'MonthlyCharges', 'Contract'].map((name) => ({ name, datatype: name === 'Contract' ? 'BYTES' : 'FP32', shape: [rows.length], data: rows.map((row) => row[name]) }));
}

/** A request as it is sent. */
export type Sent = Readonly<{ method?: 'GET' | 'POST' | 'DELETE'; headers?: Record<string, string>; body?: string | Buffer }>;

/** Head and body of an infer request; binary tensors follow the JSON, and `parameters` may lie about them. */
export function infer(tensors: readonly Tensor[], more: Readonly<Record<string, unknown>> = {}, headers: Readonly<Record<string, string>> = {}): Readonly<{ headers: Record<string, string>; body: Buffer }> {
  const inputs = tensors.map(({ bytes, parameters, ...tensor }) => (bytes === undefined ? { ...tensor, parameters } : { ...tensor, parameters: Object.assign({ binary_data_size: bytes.length }, parameters) }));
  const json = Buffer.from(JSON.stringify({ inputs, ...more }));
  const binary = tensors.flatMap(({ bytes }) => (bytes === undefined ? [] : [bytes]));
  const length: Record<string, string> = binary.length === 0 ? {} : { 'inference-header-content-length': String(json.length) };
  return { headers: { ...length, ...headers }, body: Buffer.concat([json, ...binary]) };
}

/** FP64 values, as numpy writes them; null is NaN. */
export function doubles(values: readonly unknown[]): Buffer {
  return Buffer.from(Float64Array.from(values, (value) => (value === null ? Number.NaN : Number(value))).buffer);
}

/** Texts of a BYTES tensor: length (4 bytes) and text. */
export function bytesTensor(values: readonly unknown[]): Buffer {
  return Buffer.concat(
    values.flatMap((value) => {
      const text = Buffer.from(typeof value === 'string' ? value : '');
      const length = Buffer.alloc(4);
      length.writeUInt32LE(text.length);
      return [length, text];
    }),
  );
}
