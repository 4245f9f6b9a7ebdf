import { jsonOrUndefined } from '../../contracts/json.ts';
import { TrafficPolicy } from '../../contracts/traffic.ts';

/** Why a policy is not followed, and a sentence for people. */
export type Refusal = Readonly<{ reason: 'Unreadable' | 'OtherPods' | 'OwnHash' | 'OlderRevision' | 'RevisionReused'; message: string }>;

/** What a pod knows of policies. */
export type PolicyMemory = Readonly<{
  /** The policy that is followed; undefined: the pod serves itself only. */
  following: TrafficPolicy | undefined;
  /** The newest that was ever followed. */
  newest: TrafficPolicy | undefined;
  refusal: Refusal | undefined;
}>;

/** A pod that has seen no policy yet. */
export const NO_POLICY: PolicyMemory = { following: undefined, newest: undefined, refusal: undefined };

const LARGEST_PORT = 65_535;

/**
 * What a pod knows once it has read `text`, the value of the annotation (blank: there is none).
 * - What cannot be read, or is for other pods, leaves the pod with stable only: the safe default, since what was followed until now is no
 *   longer what the operator says.
 * - A revision that is older than the newest one ever followed changes nothing: a write that came late must not undo a newer one. So does
 *   the same revision with another content; with the same content it is followed again, as after an annotation that was gone for a while.
 * @param ownHash candidate hash of the version that the pod serves
 */
export function acceptPolicy(memory: PolicyMemory, text: string, ownHash: string): PolicyMemory {
  const { newest } = memory;
  if (text.trim() === '') return { ...NO_POLICY, newest };
  const read = readPolicy(text);
  if ('reason' in read) return { following: undefined, newest, refusal: read };
  const refusal = foreignness(read, ownHash);
  if (refusal !== undefined) return { following: undefined, newest, refusal };
  if (newest !== undefined && read.revision <= newest.revision && !isSame(read, newest)) return { ...memory, refusal: staleness(read.revision, newest.revision) };
  return { following: read, newest: read, refusal: undefined };
}

function readPolicy(text: string): TrafficPolicy | Refusal {
  const json = jsonOrUndefined(text);
  if (json === undefined) return { reason: 'Unreadable', message: 'The policy is not JSON.' };
  const parsed = TrafficPolicy.safeParse(json);
  if (!parsed.success) {
    const problems = parsed.error.issues.slice(0, 5).map((issue) => `${issue.path.length === 0 ? 'the policy' : issue.path.join('.')}: ${issue.message}`);
    return { reason: 'Unreadable', message: `The policy does not follow its schema: ${problems.join('; ')}.` };
  }
  const port = Number(parsed.data.candidateAddress.split(':').at(-1));
  return port <= LARGEST_PORT ? parsed.data : { reason: 'Unreadable', message: `The policy does not follow its schema: candidateAddress: there is no port ${port}.` };
}

function foreignness({ revision, stableHash, candidateHash }: TrafficPolicy, ownHash: string): Refusal | undefined {
  if (stableHash !== ownHash) return { reason: 'OtherPods', message: `Revision ${revision} is for the pods of hash ${short(stableHash)}, and this one serves ${short(ownHash)}.` };
  if (candidateHash === ownHash) return { reason: 'OwnHash', message: `Revision ${revision} names the hash ${short(ownHash)} as candidate, which this pod serves itself.` };
  return undefined;
}

function staleness(revision: number, newest: number): Refusal {
  if (revision < newest) return { reason: 'OlderRevision', message: `Revision ${revision} is older than ${newest}, which was followed before.` };
  return { reason: 'RevisionReused', message: `Revision ${revision} was followed before with another content; a change needs a higher revision.` };
}

function isSame(one: TrafficPolicy, other: TrafficPolicy): boolean {
  // Both come from the schema, which puts fields in its own order.
  return JSON.stringify(one) === JSON.stringify(other);
}

function short(hash: string): string {
  return hash.slice(0, 8);
}
