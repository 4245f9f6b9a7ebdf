import * as fc from 'fast-check';

/** A body with what its head says of it. */
export type FuzzBody = Readonly<{ kind: string; protocol: 'V1' | 'V2'; body: Buffer; headers?: Readonly<Record<string, string>> }>;

/** Numbers at the edges of what JSON, float64, float32 and integers hold, as they are written. */
export const numberText = fc.oneof(
  fc.double().map((value) => (Number.isFinite(value) ? String(value) : '1e999')),
  fc.constantFrom('1e999', '-1e999', '1e308', '3.5e38', '1e-400', '-0', '0.1', '9007199254740993', '18446744073709551616', `1${'0'.repeat(400)}`, '00', '1.', '.5', '+1', '0x10', 'NaN', '-Infinity'),
);
