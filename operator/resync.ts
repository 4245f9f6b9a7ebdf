import type { Caches } from './caches.ts';
import type { Cancel, Clock, Random } from './runtime/clock.ts';
import { keyOf, refOf } from './runtime/kube-object.ts';
import type { WorkQueue } from './runtime/work-queue.ts';

/** Every model is looked at again at least this often, in case an event was missed that nobody knows of: controller-runtime's. */
const LONGEST_MS = 10 * 3_600_000;
/** Operators that were started together must not resync together. */
const JITTER = 0.1;
/** Over this time the keys of one resync are spread. */
const SPREAD_MS = 60_000;

/** Queues every model every 9 to 10 hours, behind everything else; what it returns ends that. */
export function resyncPeriodically(parts: Readonly<{ caches: Readonly<{ models: Pick<Caches['models'], 'list'> }>; queue: WorkQueue; clock: Clock; random: Random }>): Cancel {
  const { caches, queue, clock, random } = parts;
  const arm = (): Cancel =>
    clock.schedule(LONGEST_MS * (1 - JITTER * random()) - SPREAD_MS, () => {
      for (const model of caches.models.list()) queue.addAfter(keyOf(refOf(model)), SPREAD_MS * random(), 'Low');
      cancel = arm();
    });
  let cancel = arm();
  return () => cancel();
}
