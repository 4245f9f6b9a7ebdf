import { shortHash, type CandidateHash } from '../contracts/digest.ts';
import { ANNOTATIONS, LABELS } from '../contracts/names.ts';
import type { TrafficPolicy } from '../contracts/traffic.ts';
import { inParallel } from '../platform/parallel/in-parallel.ts';
import { PODS, type Pod } from './observation/kinds.ts';
import { isServingPod, policyTextOn } from './observation/pod-policy.ts';
import { attempt, type Put, type Round } from './round.ts';
import type { ApiClient } from './runtime/api-client.ts';
import { isApiError } from './runtime/api-error.ts';
import type { KindCache } from './runtime/kind-cache.ts';
import { refOf } from './runtime/kube-object.ts';

/** As many as the connection to the API server carries at a time. */
const WRITES_AT_A_TIME = 16;

type PodCaches = Readonly<{ pods: Pick<KindCache<Pod>, 'get' | 'recordWrite'> }>;

/** A pod, and what it should bear; null: no policy. */
export type PolicyPatch = Readonly<{ pod: Pod; text: string | null }>;

/**
 * The pods whose annotation is not as it should be: every pod of stable that serves or is about to bears the policy, also one that is not ready yet, so that it
 * begins with it; no other pod bears one, such as those of the version before while they drain. Pods that end are left alone: they take no new
 * connections, and what they forward until then has stable's answer behind it.
 */
export function policyPatches(pods: readonly Pod[], stable: CandidateHash | undefined, policy: TrafficPolicy | undefined): readonly PolicyPatch[] {
  const wanted = policy === undefined ? undefined : JSON.stringify(policy);
  const short = stable === undefined ? undefined : shortHash(stable);
  return pods.filter(isServingPod).flatMap((pod) => {
    const text = short !== undefined && pod.metadata.labels?.[LABELS.hash] === short ? wanted : undefined;
    return policyTextOn(pod) === text ? [] : [{ pod, text: text ?? null }];
  });
}

/**
 * Writes what {@link policyPatches} says. A pod that is gone, or another one by now, needs nothing; one that the API server keeps us from writing
 * keeps no other from it, and is looked at again.
 * @returns whether every pod has what it should have, so that what hangs on it may follow
 */
export async function writePolicies(parts: Readonly<{ client: ApiClient; caches: PodCaches; round: Round }>, patches: readonly PolicyPatch[], signal: AbortSignal): Promise<boolean> {
  const written = await inParallel(patches, WRITES_AT_A_TIME, async (patch) => parts.round.do(writePolicy(parts, patch, signal)));
  return written.every((done) => done !== undefined);
}

async function writePolicy({ client, caches }: Readonly<{ client: ApiClient; caches: PodCaches }>, { pod, text }: PolicyPatch, signal: AbortSignal): Promise<Put<Pod>> {
  return attempt(`the traffic policy on Pod ${pod.metadata.name}`, async () => {
    try {
      const patch = { annotations: { [ANNOTATIONS.trafficPolicy]: text } };
      const written = await client.patchMetadata(PODS, refOf(pod), patch, { uid: pod.metadata.uid }, signal);
      caches.pods.recordWrite(written);
      return { object: written };
    } catch (error) {
      if (isApiError(error, 'NotFound')) return { object: pod };
      // Another one has its name, or the API server lost the race against other writers too often: only what we see of it now tells.
      if (isApiError(error, 'Conflict')) return caches.pods.get(refOf(pod))?.metadata.uid === pod.metadata.uid ? { pending: true } : { object: pod };
      throw error;
    }
  });
}
