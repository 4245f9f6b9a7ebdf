import { expect, test } from '@jest/globals';
import { halfToNumber, NUMBER_FORMATS } from '../../../../../server/http/v2/datatypes.ts';

/** Bits and values of IEEE 754-2019 binary16. */
test.each([
  { bits: 0x0000, value: 0 },
  { bits: 0x8000, value: -0 },
  { bits: 0x0001, value: 2 ** -24 },
  { bits: 0x03ff, value: 1023 * 2 ** -24 },
  { bits: 0x0400, value: 2 ** -14 },
  { bits: 0x3555, value: 0.333251953125 },
  { bits: 0x3c00, value: 1 },
  { bits: 0xc000, value: -2 },
  { bits: 0x7bff, value: 65504 },
  { bits: 0x7c00, value: Number.POSITIVE_INFINITY },
  { bits: 0xfc00, value: Number.NEGATIVE_INFINITY },
  { bits: 0x7e00, value: Number.NaN },
])('half $bits is $value', ({ bits, value }) => expect(halfToNumber(bits)).toBe(value));

test.each([
  { datatype: 'BOOL', bytes: [0x02], value: 1 },
  { datatype: 'UINT8', bytes: [0xff], value: 255 },
  { datatype: 'INT8', bytes: [0xff], value: -1 },
  { datatype: 'UINT16', bytes: [0x01, 0x80], value: 0x8001 },
  { datatype: 'INT16', bytes: [0x01, 0x80], value: 0x8001 - 0x10000 },
  { datatype: 'UINT32', bytes: [0, 0, 0, 0x80], value: 2 ** 31 },
  { datatype: 'INT32', bytes: [0, 0, 0, 0x80], value: -(2 ** 31) },
  { datatype: 'UINT64', bytes: [0, 0, 0, 0, 0, 0, 0, 0x80], value: 2 ** 63 },
  { datatype: 'INT64', bytes: [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], value: -2 },
  { datatype: 'FP16', bytes: [0, 0x3c], value: 1 },
  { datatype: 'FP32', bytes: [0, 0, 0xc0, 0x3f], value: 1.5 },
  { datatype: 'FP64', bytes: [0, 0, 0, 0, 0, 0, 0xf8, 0x3f], value: 1.5 },
] as const)('$datatype is little-endian', ({ datatype, bytes, value }) => {
  const { sizeBytes, read } = NUMBER_FORMATS[datatype];
  expect(bytes).toHaveLength(sizeBytes);
  expect(read(new DataView(Uint8Array.from([0xaa, ...bytes]).buffer), 1)).toBe(value);
});
