import { gatedModel, layoutOf, startBesides } from '../beside-stable.ts';
import { durationMs } from '../../../contracts/duration.ts';
import type { EvaluationEvidence } from '../../../contracts/evaluation-evidence.ts';
import type { ClaimContext, PlatformClaim } from '../context.ts';
import { readEvidence } from '../feedback/evidence-reader.ts';
import { expectedPairs } from '../feedback/expected-pairs.ts';
import { judgeLook } from '../feedback/judge-look.ts';
import { readPredictions } from '../feedback/journal-reader.ts';
import { planLabels } from '../feedback/label-plan.ts';
import { offline } from '../feedback/offline.ts';
import { telcoTruth } from '../feedback/truth.ts';
import { lookAgain, type GateView } from '../gate-view.ts';
import { cardOf, referenceProbabilities, telcoCustomers } from '../load/customers.ts';
import { TOLERANCE } from '../load/samples.ts';
import { STORAGE, VERSIONS } from '../manifest.ts';
import { keyOf, storeObjects } from '../store-objects.ts';
import { scoreLive, tell, untilShipped } from './shadow-live/live.ts';
import { judgeReplay, putLabelledSet } from './shadow-live/replayed.ts';

const MODEL = 'shadow-live';
const RATE_PER_SECOND = 50;
const PACES = { full: { customers: Number.POSITIVE_INFINITY, horizon: '30s' }, short: { customers: 450, horizon: '8s' } } as const;
/** Every so many customers is scored again: its latest row counts. */
const AGAIN_EVERY = 7;
const GATE = { labels: 'Feedback', minAUC: 0.74, maxRegression: 0.05, minPositives: 20, minNegatives: 20, interval: '24h' } as const;
/** What is asked once all is there: another question, so that the gate looks at once. */
const ASKED_THEN = { minAUC: 0.75 } as const;

/** The gate sees what callers sent and were told, and finds in it what statisticians' programs find. */
export const shadowLive: PlatformClaim = {
  name: 'shadow-live',
  title: 'A better version in Shadow, Telco rows at 50 a second, labels late, out of order, twice, corrected and by file, then the same customers as a labelled set: pairs are what was sent, and AUC, interval and verdict those of numpy, scipy and scikit-learn, to 1e-9.',
  needs: 'shared',
  run: async (context) => {
    const { form, signal, progress, prefix, store } = context;
    const { customers: count, horizon } = PACES[form];
    const labels = { horizon, import: { prefix: `s3://${STORAGE.bucket}/${prefix}/outcomes/`, idColumn: 'customerID', outcomeColumn: 'Churn', timeColumn: 'date' } };
    const sides = await startBesides(context, gatedModel(context, { name: MODEL, replicas: 2, rollout: { gate: GATE }, spec: { labels } }));
    const all = (await telcoCustomers(await cardOf(VERSIONS.decent))).slice(0, count);
    const customers = [...all, ...all.filter((_, index) => index % AGAIN_EVERY === 0)];
    const service = await context.serviceUrl(MODEL);
    progress(`${customers.length} rows at ${RATE_PER_SECOND} a second`);
    const scored = await scoreLive(context, sides, { url: `${service}/v1/models/${MODEL}:predict`, customers, ratePerSecond: RATE_PER_SECOND });
    const plan = planLabels(scored, await telcoTruth());
    await tell(context, sides, { url: `${service}/v1/models/${MODEL}:feedback`, plan, maturedMs: Math.max(...scored.map(({ atMs }) => atMs)) + durationMs(horizon) });
    progress('waiting until the store has every prediction');
    await untilShipped(context, sides, scored);
    progress('the gate looks');
    const view = await lookAgain(context, MODEL, ASKED_THEN);
    const { evidence, pairs: lines } = await evidenceOf(context, view);
    const { records } = await readPredictions(storeObjects(store), layoutOf(context, MODEL).predictions);
    const expected = expectedPairs({ scored, plan, journal: records, candidateReference: await referenceProbabilities(VERSIONS.better, signal), tolerance: TOLERANCE });
    context.check('every latest prediction of a customer has both scores', expected.withoutCandidate === 0, `${expected.withoutCandidate} of ${expected.pairs.length} customers lack the candidate's`);
    const theirs = await offline(expected.pairs, evidence.request.gate, [VERSIONS.decent, VERSIONS.better], signal);
    const judged = judgeLook(context, { evidence, lines, expected, plan, theirs, sent: scored.length });
    statusSaysSo(context, view, evidence);
    progress('the same customers as a labelled set');
    const dataset = await putLabelledSet(context, expected.pairs.map(({ customer }) => customer));
    const replayed = await lookAgain(context, MODEL, { labels: 'Replay', replay: { dataset } });
    await judgeReplay(context, await evidenceOf(context, replayed), expected.pairs);
    return {
      checks: [],
      figure: `${scored.length} rows at ${RATE_PER_SECOND} a second, ${plan.distinct} labels: ${theirs.rows} pairs as sent, AUC ${theirs.candidate.value.toFixed(4)} (${theirs.candidate.lower.toFixed(4)} to ${theirs.candidate.upper.toFixed(4)}), ${theirs.verdict}; within ${judged.worst.toExponential(0)} of numpy, scipy and scikit-learn`,
      evidence: judged.evidence,
    };
  },
};

async function evidenceOf({ store }: ClaimContext, { evidence }: GateView) {
  if (evidence === undefined) throw new Error('the status names no evidence');
  const key = keyOf(evidence.path);
  const folder = key.slice(0, key.lastIndexOf('/'));
  return readEvidence(key.slice(folder.length + 1), async (file) => store.get(`${folder}/${file}`));
}

/** The status has the numbers of the evidence, not some of its own. */
function statusSaysSo({ check }: ClaimContext, view: GateView, { report }: EvaluationEvidence): void {
  const auc = report.candidate?.auc;
  const same =
    view.verdict === report.verdict && view.reason === report.reason && view.rows === report.candidate?.rows && view.auc === auc?.value && view.lower === auc?.lower && view.upper === auc?.upper && view.difference?.value === report.difference?.value && view.difference?.lower === report.difference?.lower;
  check('the status says what the evidence says', same, `${view.verdict} (${view.reason}): AUC ${view.auc}, ${view.lower} to ${view.upper}, of ${view.rows} customers; ${view.message}`);
}
