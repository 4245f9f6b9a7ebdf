import { randomBytes } from 'node:crypto';

const BYTES = 8;
const RADIX = 36;
/** 64 bits in base 36. */
const CHARS = 13;

/** A name that no container has had: 64 random bits as 13 letters and digits. */
export function drawWriter(): string {
  return BigInt(`0x${randomBytes(BYTES).toString('hex')}`).toString(RADIX).padStart(CHARS, '0');
}
