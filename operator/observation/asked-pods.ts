import { LABELS } from '../../contracts/names.ts';
import type { AskedPod } from '../traffic/traffic-view.ts';
import type { Pod } from './kinds.ts';
import { isServingPod } from './pod-policy.ts';
import { isReady } from './version-pods.ts';

/** A ready pod of stable; `bornMs`: whether it was there when a policy was written. */
export type StablePod = AskedPod & Readonly<{ bornMs: number }>;

/**
 * Stable's ready pods, by name: whose control ports are read while a rollout runs.
 * @param hash first 8 digits, as the label has it
 */
export function stablePodsOf(pods: readonly Pod[], hash: string): readonly StablePod[] {
  return pods
    .filter((pod) => pod.metadata.labels?.[LABELS.hash] === hash && isServingPod(pod) && isReady(pod))
    .map(({ metadata, status }) => ({ name: metadata.name, uid: metadata.uid, address: status.podIP, bornMs: Date.parse(metadata.creationTimestamp ?? '') || 0 }))
    .toSorted((a, b) => a.name.localeCompare(b.name));
}
