import { canonicalJson, sha256Hex } from '../../../contracts/digest.ts';
import type { EvaluationEvidence } from '../../../contracts/evaluation-evidence.ts';

/** Evidence before it has its digest. */
export type UndigestedEvidence = Omit<EvaluationEvidence, 'digest'>;

/** The digest of a piece of evidence: of everything in it but the digest itself. */
export function evidenceDigest(evidence: Readonly<Record<string, unknown>>): string {
  const { digest: _digest, ...rest } = evidence;
  return sha256Hex(canonicalJson(rest));
}

/** The file, byte by byte, its fields in canonical order: the only form that verification takes, so that no byte of it can change unseen. */
export function evidenceText(evidence: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify(JSON.parse(canonicalJson(evidence)), undefined, 2)}\n`;
}

/** Evidence with its digest. */
export function digested(evidence: UndigestedEvidence): EvaluationEvidence {
  return { ...evidence, digest: evidenceDigest(evidence) };
}
