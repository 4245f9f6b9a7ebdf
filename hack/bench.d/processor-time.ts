import { readdir, readFile } from 'node:fs/promises';

/** Processor time of a process since it began: what it used, and what it waited for a core that another one had; milliseconds. */
export type ProcessorTime = Readonly<{ usedMs: number; waitedMs: number }>;

const NANOSECONDS_PER_MS = 1e6;

/**
 * Of all threads of a process, from the scheduler's own account (`/proc/PID/task/TID/schedstat`), which is exact; ticks of `/proc/PID/stat` are a
 * hundredth of a second. Threads that have ended are not in it: Node.js keeps its own.
 */
export async function processorTime(pid: number): Promise<ProcessorTime> {
  const folder = `/proc/${pid}/task`;
  const texts = await Promise.all((await readdir(folder)).map(async (thread) => readFile(`${folder}/${thread}/schedstat`, 'utf8')));
  const fields = texts.map((text) => text.trim().split(' ').map(Number));
  const sum = (field: number): number => fields.reduce((total, values) => total + (values[field] ?? Number.NaN), 0) / NANOSECONDS_PER_MS;
  return { usedMs: sum(0), waitedMs: sum(1) };
}
