import { ADDRESSED_PODS } from '../../kinds.ts';
import type { ClaimContext } from '../../context.ts';
import { memoryOf, operatorContainer, operatorPods, processOf } from '../../faults.ts';
import { operatorFigures } from '../../operator-figures.ts';

const MIB = 2 ** 20;

/** Resident memory of all operator processes, the largest of each figure; MiB. */
export async function operatorMemory(context: ClaimContext): Promise<Readonly<{ residentMiB: number; peakMiB: number }>> {
  const figures = await Promise.all((await operatorPods(context)).map(async (pod) => memoryOf(await processOf(operatorContainer(pod), context.signal))));
  return { residentMiB: Math.max(...figures.map(({ residentBytes }) => residentBytes)) / MIB, peakMiB: Math.max(...figures.map(({ peakBytes }) => peakBytes)) / MIB };
}

/** How a restart went: from the start of the new process. */
export type Resync = Readonly<{ fromStartMs: number; fromDeletionMs: number; reconciles: number }>;

/** Deletes all operator pods, and waits until a new process has looked at every model and has nothing left to do. */
export async function resync(context: ClaimContext, models: number, deadlineMs: number): Promise<Resync> {
  const { kube, signal } = context;
  const before = new Set((await operatorPods(context)).map(({ metadata }) => metadata.uid));
  const deletedMs = Date.now();
  await Promise.all((await operatorPods(context)).map(async ({ metadata }) => kube.delete(ADDRESSED_PODS, { namespace: metadata.namespace ?? '', name: metadata.name })));
  const done = await kube.untilAny(
    { what: 'a new operator has looked at every model', deadlineMs },
    async () => {
      const pods = await operatorPods(context);
      if (pods.length === 0 || pods.some(({ metadata }) => before.has(metadata.uid))) return undefined;
      // It may not listen yet.
      const figures = await operatorFigures(context, signal).catch(() => undefined);
      if (figures === undefined) return undefined;
      const reconciles = figures.sum('controller_runtime_reconcile_total');
      const waiting = figures.sum('workqueue_depth') + figures.sum('controller_runtime_active_workers');
      return { reconciles, waiting, startedMs: figures.sum('process_start_time_seconds') * 1000, atMs: Date.now() };
    },
    (seen) => seen !== undefined && seen.reconciles >= models && seen.waiting === 0,
  );
  if (done === undefined) throw new Error('what is done was seen');
  return { fromStartMs: done.atMs - done.startedMs, fromDeletionMs: done.atMs - deletedMs, reconciles: done.reconciles };
}
