import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ChurnOpsError } from '../../contracts/error-catalogue.ts';
import type { EvaluateEnvironment } from '../../contracts/pod-environment.ts';
import type { EvaluationReport } from '../../contracts/reports.ts';
import { storeLayout } from '../../contracts/store-layout.ts';
import { VERSION } from '../../contracts/version.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { systemCode } from '../../platform/object-store/file.ts';
import { openRepository, toldPatience } from '../package/open-repository.ts';
import type { Patience } from '../package/open-repository.ts';
import { clipped, MAX_MESSAGE } from '../report/termination-message.ts';
import { readCards } from './evaluated-cards.ts';
import type { EvaluatedCards } from './evaluated-cards.ts';
import { InputsFile } from './evidence/inputs-file.ts';
import { PairsFile } from './evidence/pairs-file.ts';
import { writeEvidence } from './evidence/write-evidence.ts';
import { expectedDecision, labelsFromCard } from './forecast.ts';
import type { LabelFlow } from './forecast.ts';
import { askedFields, gateRule, judge, notDue, thresholdsOf } from './gate-look.ts';
import { gatherLabels } from './gather-labels.ts';
import type { GateReport } from '../../statistics/gate-report.ts';
import type { GateRule } from '../../statistics/gate.ts';
import { fullMessage } from './report-message.ts';

/** The operator runs the Job again with its own back-off, so transient errors are sat out for a short while only. */
export const EVALUATE_PATIENCE = { totalMs: 30_000, baseMs: 500, maxMs: 5000 } as const;
const SALT_BYTES = 16;

/** What `evaluate` works on. */
export type EvaluateOptions = Readonly<{
  environment: EvaluateEnvironment;
  /** A folder on a disk with room; nothing stays in it. */
  scratch: string;
  /** Where the keys of prediction ids are mounted, if they are. */
  predictionKeys: string;
  /** Memory of the join, MiB. */
  memoryMiB: number;
  logger: Logger;
  signal: AbortSignal;
  patience?: Patience;
  /** How long pods that give no scores are waited for. */
  replayPatience?: Patience;
  now?: () => number;
}>;

/**
 * One look at a candidate: gathers the pairs that the request asks for, and says what they prove (DESIGN section 5). Whatever happens becomes
 * a report; a verdict has its evidence in the store before it is told.
 * @returns the whole report
 * @throws the signal's reason when stopped; nothing else
 */
export async function evaluateCandidate(options: EvaluateOptions): Promise<EvaluationReport> {
  const { environment, logger, signal, now = Date.now } = options;
  const asked = askedFields(environment.CHURNOPS_EVALUATION);
  try {
    const report = await look(options);
    logger.info({ verdict: report.verdict, reason: report.reason, evidence: report.report?.path, feedback: report.feedback, replay: report.replay, import: report.import }, report.message);
    return report;
  } catch (thrown) {
    signal.throwIfAborted();
    logger.error({ error: thrown }, 'evaluation failed');
    const known = knownError(thrown);
    const message = clipped(`${known.message} ${known.action}`, MAX_MESSAGE);
    return { ...asked, verdict: 'Error', reason: 'EvaluationFailed', code: known.code, message, finishedAt: new Date(now()).toISOString(), report: null };
  }
}

const NO_ROOM: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);

function knownError(thrown: unknown): ChurnOpsError {
  if (thrown instanceof ChurnOpsError) return thrown;
  // The database has no codes; it passes on what the system said, or says that what it may spill is used up.
  const isFull = NO_ROOM.has(systemCode(thrown) ?? '') || (thrown instanceof Error && /No space left on device|max_temp_directory_size/.test(thrown.message));
  if (isFull) return new ChurnOpsError('DiskFull', 'The scratch volume has no room left for the journal and its join.', { cause: thrown });
  return new ChurnOpsError('Internal', 'The evaluation failed for a reason that is in the logs of the pod.', { cause: thrown });
}

async function look(options: EvaluateOptions): Promise<EvaluationReport> {
  const { environment, logger, signal, patience = EVALUATE_PATIENCE, now = Date.now } = options;
  const { CHURNOPS_EVALUATION: request, CHURNOPS_MODEL: model } = environment;
  const asked = askedFields(request);
  const finished = () => ({ finishedAt: new Date(now()).toISOString() });
  const told = toldPatience(patience, { logger, signal });
  const cards = await readCards(environment, told);
  const scratch = await mkdtemp(join(options.scratch, 'evaluate-'));
  const { repository, location } = openRepository(environment, told);
  try {
    const entitySalt = randomBytes(SALT_BYTES).toString('hex');
    const pairs = new PairsFile(entitySalt);
    const inputs = new InputsFile();
    const nowMs = now();
    const { flow, notDue: unread, ...gathered } = await gatherLabels({ ...options, cards, nowMs, scratch, patience: told, pairs, taken: (input) => inputs.add(input) });
    const waiting = unread ?? notDue(request, pairs.size);
    if (waiting !== undefined) return { ...asked, verdict: 'NotDue', reason: waiting.reason, message: fullMessage(waiting.message, gathered), ...gathered, ...finished(), report: null };
    const rule = gateRule(request);
    const evidenceCards = { candidate: cards.candidate.evidence, ...(cards.stable === undefined ? {} : { stable: cards.stable.evidence }) };
    const found = judge(pairs.pairs(), cards.stable !== undefined, rule, thresholdsOf(evidenceCards));
    const expected = flow === undefined ? {} : expectation(found, labelsOfCard(cards, rule, pairs.size), { ...flow, rows: pairs.size });
    const report: Omit<EvaluationReport, 'report'> = { ...asked, ...found, ...expected, ...gathered, message: fullMessage(found.message, { ...gathered, ...expected }), ...finished() };
    const evidence = await writeEvidence(repository, location, storeLayout(location.prefix, model).evaluations, {
      namespace: environment.CHURNOPS_NAMESPACE,
      model,
      software: VERSION,
      request,
      evaluatedAt: new Date(nowMs).toISOString(),
      cards: evidenceCards,
      inputs,
      pairs,
      entitySalt,
      report,
    });
    return { ...report, report: evidence };
  } finally {
    repository.store.close();
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Before there is one of each class nobody can say from the labels; the card can. */
function labelsOfCard({ candidate: { card } }: EvaluatedCards, rule: GateRule, rows: number): number | undefined {
  const { rows: tested, positives, auc } = card.test;
  const total = tested === 0 ? undefined : labelsFromCard({ auc: auc.value, prevalence: positives / tested }, rule);
  return total === undefined ? undefined : Math.max(1, total - rows);
}

/** A gate that looks once is over once it had enough labels. Where the estimate is too near its limit, nobody can say either. */
function expectation({ reason, mode, missing }: GateReport, byCard: number | undefined, flow: LabelFlow): Pick<EvaluationReport, 'expectedDecisionAt'> {
  const goesOn = reason === 'TooFewLabels' || (mode === 'Anytime' && missing !== undefined);
  const labels = missing?.labels ?? (reason === 'TooFewLabels' ? byCard : undefined);
  const atMs = !goesOn || labels === undefined ? undefined : expectedDecision(labels, flow);
  return atMs === undefined ? {} : { expectedDecisionAt: new Date(atMs).toISOString() };
}
