import { hash } from 'node:crypto';

const BITS_32 = 2 ** 32;

/**
 * Where a key stands between 0 (included) and 1 (not included): the first four bytes, big-endian, of sha256 over `salt`, a line feed and
 * `key` as UTF-8, over 2^32. The same in every pod and process, uniform, and independent from salt to salt; whoever wants to know a
 * customer's side can compute it with any sha256.
 */
export function shareOf(salt: string, key: string): number {
  const digest = hash('sha256', `${salt}\n${key}`, 'binary');
  const bits = digest.charCodeAt(0) * 0x1_00_00_00 + digest.charCodeAt(1) * 0x1_00_00 + digest.charCodeAt(2) * 0x1_00 + digest.charCodeAt(3);
  return bits / BITS_32;
}

/**
 * Whether a key is within `percent` (0..100) of all keys. For one salt, the keys within a smaller share are within every larger one: who
 * was on the candidate's side at 5 % is there at 25 %.
 */
export function isWithin(percent: number, salt: string, key: string): boolean {
  return shareOf(salt, key) * 100 < percent;
}
