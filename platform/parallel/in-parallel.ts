/**
 * Runs `task` for every item, at most `limit` at a time, and gives the results in the order of the items. The first task that rejects rejects the whole,
 * after those that run have ended; no other is begun.
 */
export async function inParallel<T, R>(items: readonly T[], limit: number, task: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: Readonly<{ index: number; result: R }>[] = [];
  const failures: unknown[] = [];
  const queue = items.entries();
  const work = async (): Promise<void> => {
    for (const [index, item] of queue) {
      if (failures.length > 0) return;
      try {
        results.push({ index, result: await task(item) });
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, work));
  if (failures.length > 0) throw failures[0];
  return results.toSorted((a, b) => a.index - b.index).map(({ result }) => result);
}
