import type { ChurnModelStatus, TrafficStatus } from '../../contracts/churn-model/status.ts';
import type { StablePod } from '../observation/asked-pods.ts';
import type { PolicyRecord } from '../rollout/state.ts';
import { SPREADS_WITHIN_MS, type PodTraffic, type TrafficView } from '../traffic/traffic-view.ts';
import { boundedText, LONGEST_CAUSE_BYTES } from './bounded-text.ts';
import type { ConditionDraft } from './conditions.ts';
import { instant } from './instant.ts';

const NAMED_PODS = 5;

/** What is known of a policy's way to the pods. `recheckMs`: when its time is over. */
export type Spread = Readonly<{ condition: ConditionDraft | undefined; read: Pick<TrafficStatus, 'pods' | 'counters'>; recheckMs: number | undefined }>;

type SpreadInput = Readonly<{ nowMs: number; policy: PolicyRecord | undefined; pods: readonly StablePod[]; view: TrafficView | undefined; stored: ChurnModelStatus | undefined }>;

/**
 * Whether all ready pods of stable that were there when the policy was written follow it. A process that has only just begun has asked nobody yet: then
 * what the status knew of this revision stands.
 */
export function spreadOf({ nowMs, policy, pods, view, stored }: SpreadInput): Spread {
  if (policy?.terms === undefined) return { condition: undefined, read: {}, recheckMs: undefined };
  const known = stored?.traffic?.revision === policy.revision ? stored.traffic : undefined;
  const before = stored?.conditions?.find(({ type }) => type === 'PolicySpread');
  const seen = view?.revision === policy.revision ? view : undefined;
  if (seen === undefined && known?.pods !== undefined && before !== undefined) {
    const { status, reason, message } = before;
    return { condition: { type: 'PolicySpread', status, reason, message }, read: readOf(known), recheckMs: undefined };
  }
  const asked = pods.filter(({ bornMs }) => bornMs <= policy.writtenAtMs);
  const lagging = asked.filter(({ uid }) => seen?.pods.get(uid) === undefined || seen.pods.get(uid)?.laggingSinceMs !== undefined);
  const read = seen === undefined ? {} : { pods: { asked: asked.length, following: asked.length - lagging.length }, counters: countersOf(seen) };
  if (asked.length === 0) return { condition: draft('Unknown', 'NobodyToFollow', 'no pod of stable was ready when the policy was written'), read, recheckMs: undefined };
  if (lagging.length === 0) return { condition: draft('True', 'AllFollow', `${podCount(asked.length)} of stable follow revision ${policy.revision}`), read, recheckMs: undefined };
  const leftMs = Math.max(...lagging.map(({ uid }) => sinceMs(policy, seen?.pods.get(uid)))) + SPREADS_WITHIN_MS - nowMs;
  const names = lagging.slice(0, NAMED_PODS).map(({ name, uid }) => `${name} (${seen?.pods.get(uid)?.problem ?? 'not asked yet'})`);
  const more = lagging.length > NAMED_PODS ? ` and ${lagging.length - NAMED_PODS} more` : '';
  const message = `${lagging.length} of ${podCount(asked.length)} of stable do not follow revision ${policy.revision}`;
  if (leftMs > 0) return { condition: draft('Unknown', 'Spreading', `${message} yet`), read, recheckMs: Math.min(leftMs, SPREADS_WITHIN_MS) };
  return { condition: draft('False', 'PodsLag', `${message}: ${boundedText(`${names.join(', ')}${more}`, LONGEST_CAUSE_BYTES)}`), read, recheckMs: undefined };
}

function draft(status: ConditionDraft['status'], reason: string, message: string): ConditionDraft {
  return { type: 'PolicySpread', status, reason, message };
}

/** A pod that followed and does not any more, as one whose container starts again, has its time anew. */
function sinceMs({ writtenAtMs }: PolicyRecord, pod: PodTraffic | undefined): number {
  return Math.max(writtenAtMs, pod?.laggingSinceMs ?? 0);
}

function countersOf({ atMs, counters }: TrafficView): NonNullable<TrafficStatus['counters']> {
  return { at: instant(atMs), own: { ...counters.own }, candidate: { ...counters.candidate } };
}

function readOf({ pods, counters }: TrafficStatus): Spread['read'] {
  return { ...(pods === undefined ? {} : { pods }), ...(counters === undefined ? {} : { counters }) };
}

function podCount(count: number): string {
  return count === 1 ? '1 pod' : `${count} pods`;
}
