import { sha256Hex } from '../../../contracts/digest.ts';
import { ChurnOpsError } from '../../../contracts/error-catalogue.ts';
import type { EvaluationReport } from '../../../contracts/reports.ts';
import { companionPath, evidencePath } from '../../../contracts/store-layout.ts';
import { keyName, locationUrl } from '../../../platform/object-store/location.ts';
import type { StoreLocation } from '../../../platform/object-store/location.ts';
import { readWhole } from '../../../platform/object-store/object-store.ts';
import { patiently } from '../../package/remote-package.ts';
import type { Repository } from '../../package/remote-package.ts';
import { digested, evidenceText } from './evidence-text.ts';
import type { UndigestedEvidence } from './evidence-text.ts';
import type { InputsFile } from './inputs-file.ts';
import type { PairsFile } from './pairs-file.ts';

/** What becomes evidence; names and digests of its files are filled in here. */
export type Findings = Omit<UndigestedEvidence, 'inputs' | 'pairs' | 'schemaVersion' | 'kind'> & Readonly<{ inputs: InputsFile; pairs: PairsFile; entitySalt: string }>;

/**
 * Writes a verdict's evidence: pairs and inputs first, the document that names them last. What is cut off between two of them leaves files
 * that nothing names; the next run writes its own.
 * @param evaluations prefix of the model's evaluations in the store of `location`
 * @returns what the report says of it
 * @throws ChurnOpsError store errors: a verdict without evidence is none
 */
export async function writeEvidence(repository: Repository, location: StoreLocation, evaluations: string, findings: Findings): Promise<NonNullable<EvaluationReport['report']>> {
  const { inputs, pairs, entitySalt, ...rest } = findings;
  const path = evidencePath(rest.request.candidate.hash, rest.report.finishedAt, 'gate');
  const write = async (key: string, bytes: Buffer): Promise<Readonly<{ file: string; sha256: string; sizeBytes: number }>> => {
    await put(repository, `${evaluations}/${key}`, bytes);
    return { file: keyName(key), sha256: sha256Hex(bytes), sizeBytes: bytes.length };
  };
  const pairsFile = await write(companionPath(path, 'pairs.csv.gz'), pairs.bytes());
  const inputsFile = await write(companionPath(path, 'inputs.ndjson.gz'), inputs.bytes());
  const evidence = digested({
    schemaVersion: 1,
    kind: 'EvaluationEvidence',
    ...rest,
    inputs: { ...inputsFile, objects: inputs.objects },
    pairs: { ...pairsFile, rows: pairs.size, entitySalt },
  });
  const { sha256 } = await write(path, Buffer.from(evidenceText(evidence)));
  return { path: locationUrl(location, `${evaluations}/${path}`), sha256 };
}

/** What is there already stays: it is this very file, put by a try whose answer was lost, or somebody else's evidence. */
async function put(repository: Repository, key: string, bytes: Buffer): Promise<void> {
  const { store, patience } = repository;
  const outcome = await patiently(repository, () => store.put(key, bytes, { ifAbsent: true, signal: patience.signal }));
  if (outcome === 'Written') return;
  const there = await patiently(repository, () => readWhole(store, key, { maxBytes: bytes.length + 1, signal: patience.signal }));
  if (!bytes.equals(there)) throw new ChurnOpsError('Internal', `${key} exists already, with another content.`);
}
