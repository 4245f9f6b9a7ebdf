import { readdir, readFile } from 'node:fs/promises';

/** What threads of a process used of a core, and what they waited for one that somebody else had; milliseconds since each began, by thread. */
export type ThreadTimes = ReadonlyMap<string, Readonly<{ usedMs: number; waitedMs: number }>>;

const NANOSECONDS_PER_MS = 1e6;

/** All threads of a process, from the scheduler's own account (`/proc/PID/task/TID/schedstat`), which is exact; ticks of `/proc/PID/stat` are a hundredth of a second. */
export async function threadTimes(pid: number): Promise<ThreadTimes> {
  const folder = `/proc/${pid}/task`;
  const read = (await readdir(folder)).map(async (thread) => {
    // One that ends meanwhile is not there any more.
    const text = await readFile(`${folder}/${thread}/schedstat`, 'utf8').catch(() => undefined);
    const [used = Number.NaN, waited = Number.NaN] = (text ?? '').trim().split(' ').map(Number);
    return text === undefined ? undefined : ([thread, { usedMs: used / NANOSECONDS_PER_MS, waitedMs: waited / NANOSECONDS_PER_MS }] as const);
  });
  return new Map((await Promise.all(read)).filter((each) => each !== undefined));
}

/** What was used and waited for between two looks. Of a thread that began after the first one all counts, of one that ended before the second nothing: Node.js keeps those that work. */
export function spentBetween(before: ThreadTimes, after: ThreadTimes): Readonly<{ usedMs: number; waitedMs: number }> {
  let [usedMs, waitedMs] = [0, 0];
  for (const [thread, times] of after) {
    usedMs += times.usedMs - (before.get(thread)?.usedMs ?? 0);
    waitedMs += times.waitedMs - (before.get(thread)?.waitedMs ?? 0);
  }
  return { usedMs, waitedMs };
}
