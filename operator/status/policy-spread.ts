import type { ChurnModelStatus, TrafficStatus } from '../../contracts/churn-model/status.ts';
import type { StablePod } from '../observation/asked-pods.ts';
import type { PolicyRecord } from '../rollout/state.ts';
import { SPREADS_WITHIN_MS, type TrafficView } from '../traffic/traffic-view.ts';
import { boundedText, LONGEST_CAUSE_BYTES } from './bounded-text.ts';
import type { ConditionDraft } from './conditions.ts';
import { instant } from './instant.ts';

const NAMED_PODS = 5;

/** What is known of a policy's way to the pods. `recheckMs`: when its time is over. */
export type Spread = Readonly<{ condition: ConditionDraft | undefined; read: Pick<TrafficStatus, 'pods' | 'counters'>; recheckMs: number | undefined }>;

type SpreadInput = Readonly<{ nowMs: number; policy: PolicyRecord | undefined; pods: readonly StablePod[]; view: TrafficView | undefined; stored: ChurnModelStatus | undefined }>;

/**
 * Whether all ready pods of stable that were there when the policy was written follow it; where none of those is left, after a roll in place, all that are
 * ready now. A pod that was not asked yet, as one that is ready again, has its two minutes from now on, and so has one that followed and does not any more.
 * A process that has only just begun has asked nobody: then what the status knew of this revision stands, and a False until the pods that were never seen
 * to follow do.
 */
export function spreadOf({ nowMs, policy, pods, view, stored }: SpreadInput): Spread {
  if (policy?.terms === undefined) return { condition: undefined, read: {}, recheckMs: undefined };
  const known = stored?.traffic?.revision === policy.revision ? stored.traffic : undefined;
  const before = known === undefined ? undefined : stored?.conditions?.find(({ type }) => type === 'PolicySpread');
  const seen = view?.revision === policy.revision ? view : undefined;
  if (seen === undefined && known?.pods !== undefined && before !== undefined) {
    const { status, reason, message } = before;
    return { condition: { type: 'PolicySpread', status, reason, message }, read: readOf(known), recheckMs: undefined };
  }
  const asked = askedOf(pods, policy);
  const lagging = laggingOf(asked, seen, nowMs);
  const read = seen === undefined ? {} : { pods: { asked: asked.length, following: asked.length - lagging.length }, counters: countersOf(seen) };
  const [longest] = lagging;
  if (asked.length === 0) return { condition: draft('Unknown', 'NobodyToFollow', 'no pod of stable is ready'), read, recheckMs: undefined };
  if (longest === undefined) return { condition: draft('True', 'AllFollow', `${podCount(asked.length)} of stable follow revision ${policy.revision}`), read, recheckMs: undefined };
  const leftMs = longest.sinceMs + SPREADS_WITHIN_MS - nowMs;
  const stands = before?.status === 'False' && lagging.some(({ hasFollowed }) => !hasFollowed);
  const message = `${lagging.length} of ${podCount(asked.length)} of stable do not follow revision ${policy.revision}`;
  if (leftMs > 0 && !stands) return { condition: draft('Unknown', 'Spreading', `${message} yet`), read, recheckMs: Math.min(leftMs, SPREADS_WITHIN_MS) };
  const names = lagging.slice(0, NAMED_PODS).map(({ name, problem }) => `${name} (${problem})`);
  const more = lagging.length > NAMED_PODS ? ` and ${lagging.length - NAMED_PODS} more` : '';
  return { condition: draft('False', 'PodsLag', `${message}: ${boundedText(`${names.join(', ')}${more}`, LONGEST_CAUSE_BYTES)}`), read, recheckMs: undefined };
}

/** Later pods get the policy before they are ready: they are waited for only where there is nobody else to speak for the policy. */
function askedOf(pods: readonly StablePod[], { writtenAtMs }: PolicyRecord): readonly StablePod[] {
  const there = pods.filter(({ bornMs }) => bornMs <= writtenAtMs);
  return there.length === 0 ? pods : there;
}

type Lagging = Readonly<{ name: string; sinceMs: number; hasFollowed: boolean; problem: string }>;

/** Those that do not follow, who has not for longest first. */
function laggingOf(asked: readonly StablePod[], seen: TrafficView | undefined, nowMs: number): readonly Lagging[] {
  const lagging = asked.flatMap(({ name, uid }): Lagging[] => {
    const pod = seen?.pods.get(uid);
    if (pod === undefined) return [{ name, sinceMs: nowMs, hasFollowed: false, problem: 'not asked yet' }];
    return pod.laggingSinceMs === undefined ? [] : [{ name, sinceMs: pod.laggingSinceMs, hasFollowed: pod.hasFollowed, problem: pod.problem ?? 'not asked yet' }];
  });
  return lagging.toSorted((a, b) => a.sinceMs - b.sinceMs);
}

function draft(status: ConditionDraft['status'], reason: string, message: string): ConditionDraft {
  return { type: 'PolicySpread', status, reason, message };
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
