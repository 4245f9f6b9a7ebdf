import { sha256Hex } from '../../contracts/digest.ts';
import { evidencePath, storeLayout } from '../../contracts/store-layout.ts';
import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import type { InspectionReport, InspectionReportFile } from '../../contracts/reports.ts';
import { locationUrl } from '../../platform/object-store/location.ts';
import type { StoreLocation } from '../../platform/object-store/location.ts';
import { patiently } from '../package/remote-package.ts';
import type { Repository } from '../package/remote-package.ts';
import { clipped } from '../report/termination-message.ts';

const MAX_PROBLEM = 256;

/** Where the whole report of an inspection goes: evaluations/<model>/<candidate hash, or unresolved>/<time>-inspection.json. */
export function evidenceKey(location: StoreLocation, model: string, report: Pick<InspectionReportFile, 'candidateHash' | 'finishedAt'>): string {
  return `${storeLayout(location.prefix, model).evaluations}/${evidencePath(report.candidateHash ?? 'unresolved', report.finishedAt, 'inspection')}`;
}

/**
 * Writes the whole report into the store. A verdict stands without it: what went wrong is told beside the verdict.
 */
export async function writeEvidence(
  repository: Repository,
  location: StoreLocation,
  model: string,
  report: InspectionReportFile,
): Promise<Pick<InspectionReport, 'report' | 'reportProblem'>> {
  const key = evidenceKey(location, model, report);
  const bytes = Buffer.from(`${JSON.stringify(report, undefined, 2)}\n`);
  try {
    const outcome = await patiently(repository, () => repository.store.put(key, bytes, { ifAbsent: true, signal: repository.patience.signal }));
    if (outcome === 'Exists') return { report: null, reportProblem: clipped(`${locationUrl(location, key)} exists already`, MAX_PROBLEM) };
    return { report: { path: locationUrl(location, key), sha256: sha256Hex(bytes) } };
  } catch (thrown) {
    repository.patience.signal.throwIfAborted();
    const why = thrown instanceof ChurnOpsError ? `${thrown.code}: ${thrown.message}` : 'Internal: see the logs of the pod';
    return { report: null, reportProblem: clipped(why, MAX_PROBLEM) };
  }
}
