import { jsonOrUndefined } from '../../contracts/json.ts';
import { ANNOTATIONS, LABELS } from '../../contracts/names.ts';
import { TrafficPolicy } from '../../contracts/traffic.ts';
import type { Pod } from './kinds.ts';

/** A revision beyond this leaves no room for the ones after it: nobody of ours wrote it. */
const LARGEST_REVISION = 2 ** 52;

/** The annotation of a pod, as text; undefined where it has none. */
export function policyTextOn({ metadata }: Pick<Pod, 'metadata'>): string | undefined {
  return metadata.annotations?.[ANNOTATIONS.trafficPolicy];
}

function policyOn(pod: Pod): TrafficPolicy | undefined {
  const text = policyTextOn(pod);
  return text === undefined ? undefined : TrafficPolicy.safeParse(jsonOrUndefined(text)).data;
}

/** The policy with the highest revision that any of these pods bears. */
export function newestPolicyOn(pods: readonly Pod[]): TrafficPolicy | undefined {
  const policies = pods.flatMap((pod) => policyOn(pod) ?? []).filter(({ revision }) => revision < LARGEST_REVISION);
  return policies.toSorted((a, b) => b.revision - a.revision)[0];
}

/** A pod that serves, or is about to: its process reads what we write on it. One that ends, or has ended, takes no new calls. */
export function isServingPod({ metadata, status }: Pod): boolean {
  return metadata.deletionTimestamp === undefined && metadata.labels?.[LABELS.component] === 'serving' && status.phase !== 'Failed' && status.phase !== 'Succeeded';
}
