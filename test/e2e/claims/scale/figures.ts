import { ADDRESSED_PODS } from '../../kinds.ts';
import type { ClaimContext } from '../../context.ts';
import { memoryOf, operatorContainer, operatorPods, processOf } from '../../faults.ts';
import { untilResynced } from '../../operator-figures.ts';

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
  const { kube } = context;
  const deletedMs = Date.now();
  await Promise.all((await operatorPods(context)).map(async ({ metadata }) => kube.delete(ADDRESSED_PODS, { namespace: metadata.namespace ?? '', name: metadata.name })));
  const { atMs, startedMs, reconciles } = await untilResynced(context, { models, endedMs: deletedMs, deadlineMs });
  return { fromStartMs: atMs - startedMs, fromDeletionMs: atMs - deletedMs, reconciles };
}
