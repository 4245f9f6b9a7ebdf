import type { Datatype } from '../../../contracts/inference.ts';

/** A datatype of numbers. BYTES is the only one that is none. */
export type NumberDatatype = Exclude<Datatype, 'BYTES'>;

/** How numbers of a datatype stand in binary (little-endian), and which of JSON's it takes. */
export type NumberFormat = Readonly<{
  sizeBytes: number;
  read: (bytes: DataView, at: number) => number;
  /** Whole numbers from..to; undefined: any number. */
  whole?: Readonly<{ from: number; to: number }>;
}>;

/** In front of each text of a binary BYTES tensor stands its length, little-endian. */
export const LENGTH_BYTES = 4;

/** numpy's formats, as clients send them. 64-bit integers lose what float64 cannot hold, which is more than a graph takes. */
export const NUMBER_FORMATS = {
  BOOL: { sizeBytes: 1, read: (bytes, at) => (bytes.getUint8(at) === 0 ? 0 : 1), whole: { from: 0, to: 1 } },
  UINT8: { sizeBytes: 1, read: (bytes, at) => bytes.getUint8(at), whole: { from: 0, to: 2 ** 8 - 1 } },
  UINT16: { sizeBytes: 2, read: (bytes, at) => bytes.getUint16(at, true), whole: { from: 0, to: 2 ** 16 - 1 } },
  UINT32: { sizeBytes: 4, read: (bytes, at) => bytes.getUint32(at, true), whole: { from: 0, to: 2 ** 32 - 1 } },
  UINT64: { sizeBytes: 8, read: (bytes, at) => Number(bytes.getBigUint64(at, true)), whole: { from: 0, to: 2 ** 64 } },
  INT8: { sizeBytes: 1, read: (bytes, at) => bytes.getInt8(at), whole: { from: -(2 ** 7), to: 2 ** 7 - 1 } },
  INT16: { sizeBytes: 2, read: (bytes, at) => bytes.getInt16(at, true), whole: { from: -(2 ** 15), to: 2 ** 15 - 1 } },
  INT32: { sizeBytes: 4, read: (bytes, at) => bytes.getInt32(at, true), whole: { from: -(2 ** 31), to: 2 ** 31 - 1 } },
  INT64: { sizeBytes: 8, read: (bytes, at) => Number(bytes.getBigInt64(at, true)), whole: { from: -(2 ** 63), to: 2 ** 63 } },
  FP16: { sizeBytes: 2, read: (bytes, at) => halfToNumber(bytes.getUint16(at, true)) },
  FP32: { sizeBytes: 4, read: (bytes, at) => bytes.getFloat32(at, true) },
  FP64: { sizeBytes: 8, read: (bytes, at) => bytes.getFloat64(at, true) },
} as const satisfies Record<NumberDatatype, NumberFormat>;

/** The number that an IEEE 754 binary16 stands for (5 bits of exponent, 10 of fraction). */
export function halfToNumber(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
