import { createHash } from 'node:crypto';
import canonicalizeJson from 'canonicalize';

/** sha256 of a model package: of its canonical card (RFC 8785). 64 hex digits. */
export type PackageDigest = string & { readonly __brand: 'PackageDigest' };
/** sha256 of the canonical {packageDigest, entityColumn}: what a verdict belongs to. 64 hex digits. */
export type CandidateHash = string & { readonly __brand: 'CandidateHash' };

const HEX64 = /^[0-9a-f]{64}$/;

/** Whether a text has the form of a package digest (64 lower-case hex digits). */
export function isPackageDigest(text: string): text is PackageDigest {
  return HEX64.test(text);
}

/** Whether a text has the form of a candidate hash (64 lower-case hex digits). */
export function isCandidateHash(text: string): text is CandidateHash {
  return HEX64.test(text);
}

/** Lower-case hex sha256 of bytes or of UTF-8 text. */
export function sha256Hex(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex');
}

/**
 * Canonical JSON of a value (RFC 8785): sorted keys, shortest numbers, no spaces.
 * @throws TypeError for what JSON cannot hold (undefined at the root, functions, NaN)
 */
export function canonicalJson(value: unknown): string {
  const text = canonicalizeJson(value);
  if (text === undefined) throw new TypeError('value has no JSON form');
  return text;
}

/** Identity of a version: sha256 of its canonical card. Pass the parsed JSON as it is in the file, before any default is filled in. */
export function packageDigest(cardJson: unknown): PackageDigest {
  const digest = sha256Hex(canonicalJson(cardJson));
  if (!isPackageDigest(digest)) throw new TypeError('sha256 gave no hex digest');
  return digest;
}

/** Identity of a candidate (DESIGN section 2.2). Threshold, image, resources and scheduling are not part of it. */
export function candidateHash(digest: PackageDigest, entityColumn: string | null): CandidateHash {
  const hash = sha256Hex(canonicalJson({ packageDigest: digest, entityColumn }));
  if (!isCandidateHash(hash)) throw new TypeError('sha256 gave no hex digest');
  return hash;
}

/** The form in which names and labels carry a hash: its first 8 hex digits. */
export function shortHash(hash: CandidateHash): string {
  return hash.slice(0, 8);
}
