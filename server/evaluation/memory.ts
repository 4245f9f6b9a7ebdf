const MIB = 1 << 20;
/** Node.js, the bundle, and what is on its way between disk and store. */
const PROCESS_MIB = 192;
/** The database asks for as much: each of its two threads reads through 32. */
const LEAST_MIB = 128;
const MOST_MIB = 2048;
/** Where nothing bounds the container. */
const DEFAULT_MIB = 512;

/**
 * Memory of the join's database: half of what the container leaves beside the process itself, since pairs and cards want their share; the rest
 * spills to disk.
 * @param limitBytes of the container; 0 or more than any machine has: there is no limit
 * @returns MiB
 */
export function joinMemoryMiB(limitBytes: number): number {
  if (limitBytes <= 0 || limitBytes >= 2 ** 50) return DEFAULT_MIB;
  return Math.min(MOST_MIB, Math.max(LEAST_MIB, Math.floor((limitBytes / MIB - PROCESS_MIB) / 2)));
}
