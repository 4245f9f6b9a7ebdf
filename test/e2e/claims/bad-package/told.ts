import type { ChurnModel } from '../../../../contracts/churn-model/churn-model.ts';
import { conditionOf } from '../../serving.ts';
import type { BadCase } from './cases.ts';
import type { Subject } from './subject.ts';

/** Inspection, or pull and the kubelet's first back-off. */
const TOLD_WITHIN_MS = 180_000;
const INSTANT = /Next try at (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)/;

/** What a person reads of a bad package. */
export type Told = Readonly<{ model: ChurnModel; condition: string; event: string }>;

type What = Pick<BadCase, 'cause' | 'foundBy'>;

/**
 * Waits until status and event name the cause and the next try.
 * @throws NotInTime with what they said last
 */
export async function untilTold(subject: Subject, what: What): Promise<Told> {
  const { kube } = subject.context;
  const read = async () => {
    const model = await subject.model();
    const events = (await kube.events(subject.name)).filter((event) => event.reason === what.cause && namesNextTry(event.note ?? '', what));
    return { condition: conditionOf(model, 'Progressing'), event: events.at(-1), model };
  };
  const { model, condition, event } = await kube.untilAny(
    { what: `status and event of ${subject.name} say ${what.cause}`, deadlineMs: TOLD_WITHIN_MS },
    read,
    (seen) => seen.condition?.reason === what.cause && namesNextTry(seen.condition.message, what) && seen.event !== undefined && (seen.model.status?.message ?? '').includes(what.cause === 'OfflineGateFailed' ? 'Rejected' : what.cause),
  );
  return { model, condition: condition?.message ?? '', event: event?.note ?? '' };
}

function namesNextTry(text: string, { foundBy }: What): boolean {
  switch (foundBy) {
    case 'Inspection':
      return INSTANT.test(text);
    case 'Pods':
      return text.includes('The kubelet tries again by itself');
    case 'Verdict':
      return true;
  }
}

/** The instant of the next try, epoch milliseconds; undefined where none is named. */
export function nextTryMs(told: Told): number | undefined {
  const instant = INSTANT.exec(told.condition)?.[1];
  return instant === undefined ? undefined : Date.parse(instant);
}
