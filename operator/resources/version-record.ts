import { z } from 'zod';
import { candidateHash, isCandidateHash, isPackageDigest, shortHash } from '../../contracts/digest.ts';
import { jsonOrUndefined } from '../../contracts/json.ts';
import { ANNOTATIONS } from '../../contracts/names.ts';
import type { VersionIdentity } from '../rollout/state.ts';

const VersionRecord = z.object({ repository: z.string().min(1), version: z.string().min(1), digest: z.string(), hash: z.string(), entityColumn: z.string().nullable(), testAUC: z.number().optional() });

/**
 * What a version is, on its own Deployment (not on its pods: nothing rolls by it): by it the version that serves is known where status does not say.
 * As it was asked for is left out, which changes without the version.
 */
export function versionRecord({ repository, version, digest, hash, entityColumn, testAUC }: VersionIdentity): Readonly<Record<string, string>> {
  return { [ANNOTATIONS.identity]: JSON.stringify({ repository, version, digest, hash, entityColumn, ...(testAUC === undefined ? {} : { testAUC }) }) };
}

/**
 * Reads it back. Undefined where it is missing (a Deployment of an older release), cannot be read, or is not about the Deployment that bears it.
 * @param hash first 8 digits, as the Deployment's name has it
 */
export function readVersionRecord(annotations: Readonly<Record<string, string>> | undefined, hash: string): VersionIdentity | undefined {
  const record = VersionRecord.safeParse(jsonOrUndefined(annotations?.[ANNOTATIONS.identity] ?? '')).data;
  if (record === undefined || !isPackageDigest(record.digest) || !isCandidateHash(record.hash)) return undefined;
  const { repository, version, digest, entityColumn, testAUC } = record;
  if (shortHash(record.hash) !== hash || candidateHash(digest, entityColumn) !== record.hash) return undefined;
  return { repository, requested: version, version, digest, hash: record.hash, entityColumn, testAUC };
}
