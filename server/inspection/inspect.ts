import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import type { ModelCard } from '../../contracts/model-card.ts';
import { LATEST } from '../../contracts/names.ts';
import type { InspectEnvironment } from '../../contracts/pod-environment.ts';
import type { InspectionCheck, InspectionReport, InspectionReportFile } from '../../contracts/reports.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { openRepository, toldPatience } from '../package/open-repository.ts';
import type { Patience } from '../package/open-repository.ts';
import { readRemoteCard } from '../package/remote-package.ts';
import type { Repository } from '../package/remote-package.ts';
import { clipped, MAX_MESSAGE } from '../report/termination-message.ts';
import { assertVersion, identityOf, judgeOffline, judgeSchema, readStableCard, verifyFiles, verifyParity } from './checks.ts';
import type { Finding } from './checks.ts';
import { writeEvidence } from './evidence.ts';
import { resolveVersion, skippedText } from './resolve-version.ts';
import { compareVersions } from './version-order.ts';

/** The operator runs the Job again with its own back-off, so transient errors are sat out for a short while only. */
export const INSPECT_PATIENCE = { totalMs: 20_000, baseMs: 500, maxMs: 5000 } as const;
const MAX_CHECK_MESSAGE = 512;

/** What `inspect` works on. */
export type InspectOptions = Readonly<{
  environment: InspectEnvironment;
  logger: Logger;
  signal: AbortSignal;
  patience?: Patience;
  now?: () => Date;
}>;

type Facts = Partial<Pick<InspectionReportFile, 'version' | 'packageDigest' | 'candidateHash' | 'entityColumn' | 'threshold' | 'testAUC'>>;
type Outcome = Pick<InspectionReportFile, 'verdict' | 'reason' | 'message' | 'code'>;
type Notes = { facts: Facts; readonly checks: InspectionCheck[] };

/**
 * The inspection of a version: its package is whole and what it says, the graph reproduces its golden rows, the offline gate holds, and
 * callers of the stable version can go on. Whatever happens becomes a report; the whole of it goes to the store.
 * @returns the short form for the termination message
 * @throws the signal's reason when stopped; nothing else
 */
export async function inspectPackage({ environment, logger, signal, patience = INSPECT_PATIENCE, now = () => new Date() }: InspectOptions): Promise<InspectionReport> {
  const notes: Notes = { facts: {}, checks: [] };
  const finish = (outcome: Outcome): InspectionReportFile => ({
    schemaVersion: 1,
    kind: 'InspectionReport',
    ...outcome,
    message: clipped(outcome.message, MAX_MESSAGE),
    ...notes.facts,
    finishedAt: now().toISOString(),
    checks: notes.checks,
  });
  try {
    const { repository, location } = openRepository(environment, toldPatience(patience, { logger, signal }));
    try {
      const file = finish(await judge(environment, repository, notes, logger));
      const { checks: _checks, ...short } = file;
      // A look without news leaves nothing behind: there may be one every minute.
      const written = file.verdict === 'Unchanged' ? { report: null } : await writeEvidence(repository, location, environment.CHURNOPS_MODEL, file);
      const report: InspectionReport = { ...short, ...written };
      logger.info({ verdict: report.verdict, reason: report.reason, code: report.code, evidence: report.report?.path, reportProblem: report.reportProblem }, report.message);
      return report;
    } finally {
      repository.store.close();
    }
  } catch (thrown) {
    signal.throwIfAborted();
    logger.error({ error: thrown }, 'inspection failed');
    const { checks: _checks, ...short } = finish(errorOutcome(thrown));
    return { ...short, report: null, reportProblem: 'The store could not be opened.' };
  }
}

async function judge(environment: InspectEnvironment, repository: Repository, notes: Notes, logger: Logger): Promise<Outcome> {
  let step = 'version';
  const pass = (message: string): void => {
    notes.checks.push({ name: step, passed: true, message: clipped(message, MAX_CHECK_MESSAGE) });
  };
  try {
    const { version, skipped } = await resolveVersion(repository, environment.CHURNOPS_VERSION);
    notes.facts = { version };
    pass([version === environment.CHURNOPS_VERSION ? `Version ${version} is asked for.` : `${environment.CHURNOPS_VERSION} is ${version}.`, ...skippedText(skipped)].join(' '));
    const settled = settledAlready(environment, version);
    if (settled !== undefined) return { verdict: 'Unchanged', reason: 'NothingNewer', message: settled };
    step = 'card';
    const remote = await readRemoteCard(repository, version);
    const { card, digest } = remote;
    const hash = identityOf(remote);
    const { value, lower, upper } = card.test.auc;
    notes.facts = { version, packageDigest: digest, candidateHash: hash, entityColumn: card.entity?.column ?? null, threshold: card.threshold.value, testAUC: { value, lower, upper } };
    assertVersion(card, version);
    pass(`The card follows its schema; digest ${digest}.`);
    step = 'files';
    const files = await verifyFiles(repository, card, version);
    pass(`${files.files} files, ${files.sizeBytes} bytes, have the digests that the card lists.`);
    step = 'parity';
    const parity = await verifyParity(card, files);
    pass(`${parity.rows} golden rows: largest difference ${parity.maxDifference.toPrecision(3)}, ${(parity.closeShare * 100).toFixed(2)} % within 1e-5, no decision flipped.`);
    step = 'offline';
    const offline = note(notes, step, judgeOffline(card, environment.CHURNOPS_OFFLINE_MIN_AUC));
    step = 'schema';
    const stable = environment.CHURNOPS_STABLE_VERSION;
    const schema = note(
      notes,
      step,
      stable === undefined
        ? { passed: true, message: 'No version is stable yet.' }
        : judgeSchema(await stableCard(environment, repository, stable), card, hash, environment),
    );
    if (!offline.passed) return { verdict: 'Fail', reason: 'OfflineGateFailed', message: offline.message };
    if (!schema.passed) return { verdict: 'Fail', reason: 'SchemaIncompatible', message: schema.message };
    return { verdict: 'Pass', reason: 'Inspected', message: `Version ${version} may be deployed: ${offline.message}` };
  } catch (thrown) {
    repository.patience.signal.throwIfAborted();
    logger.warn({ error: thrown, step }, 'inspection ended early');
    const outcome = errorOutcome(thrown);
    notes.checks.push({ name: step, passed: false, message: clipped(outcome.message, MAX_CHECK_MESSAGE) });
    return outcome;
  }
}

/** Why the version that `latest` is needs no look; undefined: it does. A package is immutable, so that its name is enough. */
function settledAlready(environment: InspectEnvironment, version: string): string | undefined {
  const { CHURNOPS_VERSION: requested, CHURNOPS_STABLE_VERSION: stable, CHURNOPS_STABLE_REPOSITORY: from, CHURNOPS_REPOSITORY: repository } = environment;
  if (requested !== LATEST) return undefined;
  if (environment.CHURNOPS_KNOWN_VERSIONS.includes(version)) return `${LATEST} is ${version}, as before.`;
  if (stable === undefined || (from ?? repository) !== repository || compareVersions(version, stable) >= 0) return undefined;
  return `${LATEST} is ${version}, which is older than ${stable}, which serves: to go back, name it in spec.model.version.`;
}

/** Stable's card, from the repository that stable came from: `spec.model.repository` may name another one since. */
async function stableCard(environment: InspectEnvironment, repository: Repository, version: string): Promise<ModelCard> {
  const { CHURNOPS_STABLE_REPOSITORY: url = repository.url, CHURNOPS_STABLE_DIGEST: digest } = environment;
  if (url === repository.url) return readStableCard(repository, version, digest);
  const { repository: former } = openRepository(environment, repository.patience, url);
  try {
    return await readStableCard(former, version, digest);
  } finally {
    former.store.close();
  }
}

function note(notes: Notes, name: string, finding: Finding): Finding {
  notes.checks.push({ name, passed: finding.passed, message: clipped(finding.message, MAX_CHECK_MESSAGE) });
  return finding;
}

function errorOutcome(thrown: unknown): Outcome {
  const known = thrown instanceof ChurnOpsError ? thrown : new ChurnOpsError('Internal', 'The inspection failed for a reason that is in the logs of the pod.');
  return { verdict: 'Error', reason: 'PackageError', code: known.code, message: `${known.message} ${known.action}` };
}
