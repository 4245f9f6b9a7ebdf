import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EvaluationRequest } from '../../../../contracts/evaluation-request.ts';
import type { EvaluationReport } from '../../../../contracts/reports.ts';
import { storeLayout } from '../../../../contracts/store-layout.ts';
import { serverImageCommand } from '../../../../hack/bench.d/image-command.ts';
import { servedPackage, type ServedPackage } from '../../../../hack/bench.d/served-package.ts';
import { MODEL, ServingProgram } from '../../../../hack/bench.d/serving-program.ts';
import { sleep, systemClock } from '../../../../operator/runtime/clock.ts';
import type { ClaimBasics } from '../../context.ts';
import { outcomeFile, planLabels, type LabelPlan } from '../../feedback/label-plan.ts';
import { sendLabels } from '../../feedback/send-labels.ts';
import { telcoTruth } from '../../feedback/truth.ts';
import { TELCO_PACKAGES, telcoCustomers, type Customer } from '../../load/customers.ts';
import { predictRows, type Scored } from '../../load/predict-rows.ts';
import { VERSIONS } from '../../manifest.ts';
import { until } from '../../until.ts';
import { EvaluateProcess } from './evaluate-process.ts';

const TOKEN = 'token-of-the-claim-evidence';
/** Long enough that labels of the last customers are observed within it, short enough to wait for. */
const HORIZON_MS = 3000;
const LABELS_PER_CALL = 200;
const AT_ONCE = 8;
/** Every so many customers is scored again: only its latest row counts. */
const AGAIN_EVERY = 7;
const MIRRORED_WITHIN_MS = 30_000;

export const GATE: EvaluationRequest['gate'] = { labels: 'Feedback', mode: 'Anytime', minAUC: 0.75, confidence: 0.95, maxRegression: 0.05, minPositives: 20, minNegatives: 20 };

/** A rollout in Shadow that has been looked at: what was sent and told, and what the look reported. `store`: folder with all that lies in it. */
export type LookedAt = Readonly<{ store: string; scored: readonly Scored[]; plan: LabelPlan; request: EvaluationRequest; report: EvaluationReport; evaluating: EvaluateProcess; versions: readonly [ServedPackage, ServedPackage] }>;

/** Real server processes: stable mirrors to a candidate, labels come in every manner, both end, and `server evaluate` looks. Needs no cluster. */
export async function shadowOnDisk(basics: ClaimBasics, folder: string, count: number): Promise<LookedAt> {
  const { signal, progress } = basics;
  const store = join(folder, 'store');
  const repository = `file://${store}/models/${MODEL}`;
  const versions = [VERSIONS.decent, VERSIONS.better] as const;
  for (const version of versions) await cp(join(TELCO_PACKAGES, version), join(store, 'models', MODEL, version), { recursive: true });
  const served = await Promise.all(versions.map(async (version) => servedPackage(join(TELCO_PACKAGES, version))));
  const [decent, better] = served;
  if (decent === undefined || better === undefined) throw new Error('two packages were read');
  const running: ServingProgram[] = [];
  try {
    const image = await serverImageCommand();
    const start = async (pack: ServedPackage, core: 0 | 1): Promise<ServingProgram> => {
      const own = join(folder, pack.version);
      await mkdir(own, { recursive: true });
      const server = await ServingProgram.start({ core, served: pack, folder: own, image, repository, token: TOKEN, signal });
      running.push(server);
      return server;
    };
    const [stable, candidate] = await Promise.all([start(decent, 0), start(better, 1)]);
    const since = new Date().toISOString();
    await stable.follow({ mode: 'Shadow', percent: 100 }, candidate.target);
    const customers = (await telcoCustomers(decent.card)).slice(0, count);
    progress(`${customers.length} customers, and every ${AGAIN_EVERY}th again`);
    const scored = await scoreAll(basics, stable, customers);
    const plan = planLabels(scored, await telcoTruth());
    const address = { url: stable.feedbackUrl, token: TOKEN, signal };
    await sendLabels(address, [...plan.early, ...plan.again], LABELS_PER_CALL);
    const outcomes = join(store, storeLayout(`models/${MODEL}`, MODEL).outcomes);
    await mkdir(outcomes, { recursive: true });
    await writeFile(join(outcomes, 'week-47.csv'), outcomeFile(plan.file));
    const maturedMs = Math.max(...scored.map(({ atMs }) => atMs)) + HORIZON_MS;
    await sleep(systemClock, Math.max(0, maturedMs - Date.now()), signal);
    await sendLabels(address, plan.late, LABELS_PER_CALL);
    // What they have written is shipped when they end.
    await Promise.all(running.splice(0).map(async ({ program }) => program.stop()));
    const of = ({ version, digest, hash }: ServedPackage) => ({ repository, version, digest, hash });
    const request: EvaluationRequest = {
      schemaVersion: 1,
      kind: 'Candidate',
      candidate: of(better),
      stable: of(decent),
      gate: GATE,
      since,
      horizonMs: HORIZON_MS,
      population: 'All',
      import: { prefix: `file://${store}/outcomes/`, idColumn: 'customerID', outcomeColumn: 'Churn', timeColumn: 'date' },
    };
    progress('server evaluate');
    const evaluating = new EvaluateProcess({ repository, folder: join(folder, 'evaluate'), signal });
    const report = await evaluating.evaluate(request, join(folder, VERSIONS.decent, 'prediction-keys'));
    return { store, scored, plan, request, report, evaluating, versions: [decent, better] };
  } finally {
    await Promise.all(running.map(async ({ program }) => program.stop()));
  }
}

/** Scores all, then some again, and waits until the candidate has scored every copy. */
async function scoreAll({ signal }: ClaimBasics, stable: ServingProgram, customers: readonly Customer[]): Promise<readonly Scored[]> {
  const send = async (some: readonly Customer[]): Promise<readonly Scored[]> => {
    const { scored, failures } = await predictRows({ url: stable.predictUrl, customers: some, rowsPerCall: 1, atOnce: AT_ONCE, connection: 'Kept' });
    if (failures.length > 0) throw new Error(`${failures.length} calls failed: ${failures[0]}`);
    return scored;
  };
  const scored = [...(await send(customers)), ...(await send(customers.filter((_, index) => index % AGAIN_EVERY === 0)))];
  await until({ what: 'every row is mirrored', deadlineMs: MIRRORED_WITHIN_MS, signal }, async () => stable.traffic(), ({ sides }) => (sides.candidate?.requests ?? 0) + (sides.candidate?.dropped ?? 0) >= scored.length);
  return scored;
}
