import { PredictResponse, type Prediction } from '../../../contracts/prediction.ts';
import type { Check } from '../claim.ts';
import type { ClaimContext, PlatformClaim } from '../context.ts';
import { CHURN_MODELS } from '../kinds.ts';
import { cardOf, referenceProbabilities, telcoCustomers, type Customer } from '../load/customers.ts';
import { quantile } from '../load/tally.ts';
import { churnModel, VERSIONS } from '../manifest.ts';
import { untilServing } from '../serving.ts';

/** Bounds of DESIGN section 5. */
const CLOSE = 1e-5;
const CLOSE_SHARE = 0.99;
const FARTHEST = 0.02;
const STRADDLE = 1e-4;
/** Rows of a call: several sizes, since scores are made in batches of what arrives together. */
const BATCH_SIZES = [1, 7, 64, 256, 1024] as const;
const SHORT_EVERY = 10;
const STARTED_WITHIN_MS = 180_000;

/** Served scores against scikit-learn's own. */
type Compared = Readonly<{ rows: number; closeShare: number; farthest: number; p99: number; flips: number }>;

/** What the pods answer is what the data scientist's pipeline says, row by row. */
export const parity: PlatformClaim = {
  name: 'parity',
  title: 'All 7,043 Telco rows over HTTP to the pods score as scikit-learn scores them, for each good package.',
  needs: 'shared',
  run: async (context) => {
    const checks: Check[] = [];
    const lines: string[] = [];
    const compared: Compared[] = [];
    for (const version of [VERSIONS.decent, VERSIONS.better]) {
      const result = await compareVersion(context, version, checks);
      compared.push(result);
      lines.push(`| ${version} | ${result.rows} | ${result.farthest.toExponential(2)} | ${result.p99.toExponential(2)} | ${percent(result.closeShare)} | ${result.flips} |`);
    }
    const farthest = Math.max(...compared.map((each) => each.farthest));
    const closeShare = Math.min(...compared.map((each) => each.closeShare));
    const flips = compared.reduce((sum, each) => sum + each.flips, 0);
    return {
      checks,
      figure: `${compared.map((each) => each.rows).join(' + ')} rows: max |dp| ${farthest.toExponential(2)}, ${percent(closeShare)} within 1e-5, ${flips} decisions flipped`,
      evidence: ['| version | rows | max \\|dp\\| | p99 \\|dp\\| | within 1e-5 | decisions flipped |', '| --- | --- | --- | --- | --- | --- |', ...lines].join('\n'),
    };
  },
};

async function compareVersion(context: ClaimContext, version: string, checks: Check[]): Promise<Compared> {
  const { kube, check, progress, signal, form } = context;
  const name = `parity-${version.slice(0, 8)}`;
  await kube.apply(churnModel({ name, version }));
  progress(`${version}: scikit-learn scores every customer`);
  const card = await cardOf(version);
  const reference = await referenceProbabilities(version, signal);
  const all = await telcoCustomers(card);
  const customers = form === 'full' ? all : all.filter(({ instance }, index) => index % SHORT_EVERY === 0 || Object.values(instance).includes(null));
  await untilServing(kube, name, { version, deadlineMs: STARTED_WITHIN_MS });
  const url = `${await context.serviceUrl(name)}/v1/models/${name}:predict`;
  progress(`${version}: ${customers.length} rows to ${url}`);
  const predictions = await predictAll(url, customers, signal);
  await kube.delete(CHURN_MODELS, name);

  const threshold = card.threshold.value;
  const pairs = customers.map((customer, index) => pairOf(customer, predictions[index], reference, version));
  const distances = pairs.map(({ served, expected }) => Math.abs(served - expected)).toSorted((a, b) => a - b);
  const flips = pairs.filter(({ decision, expected }) => decision !== expected >= threshold && Math.abs(expected - threshold) > STRADDLE).length;
  const undecided = pairs.filter(({ served, decision }) => decision !== served >= threshold).length;
  const closeShare = distances.filter((distance) => distance <= CLOSE).length / distances.length;
  const farthest = distances.at(-1) ?? Number.NaN;
  const missing = customers.filter(({ instance }) => Object.values(instance).includes(null)).length;
  checks.push(
    check(`${version}: every row is answered by this version`, predictions.length === customers.length && predictions.every((each) => each.version === version && each.role === 'stable'), `${predictions.length} of ${customers.length} rows`),
    check(`${version}: rows with missing values are among them`, missing > 0, `${missing} customers without TotalCharges`),
    check(`${version}: 99 % of rows within 1e-5`, closeShare >= CLOSE_SHARE, percent(closeShare)),
    check(`${version}: no row off by more than 0.02`, farthest <= FARTHEST, `max |dp| ${farthest.toExponential(2)}`),
    check(`${version}: no decision flipped outside 1e-4 round the threshold`, flips === 0, `${flips} flipped, threshold ${threshold}`),
    check(`${version}: every decision follows from its own probability`, undecided === 0, `${undecided} do not`),
  );
  return { rows: pairs.length, closeShare, farthest, p99: quantile(distances, 0.99), flips };
}

/** Sends all customers in order, in calls of varying size, and gives one prediction a customer. */
async function predictAll(url: string, customers: readonly Customer[], signal: AbortSignal): Promise<readonly Prediction[]> {
  const predictions: Prediction[] = [];
  for (let call = 0; predictions.length < customers.length; call += 1) {
    const size = BATCH_SIZES[call % BATCH_SIZES.length] ?? 1;
    const instances = customers.slice(predictions.length, predictions.length + size).map((customer) => customer.instance);
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ instances }), signal: AbortSignal.any([signal, AbortSignal.timeout(30_000)]) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${url}: HTTP ${response.status}: ${text.slice(0, 500)}`);
    const answer = PredictResponse.parse(JSON.parse(text));
    if (answer.predictions.length !== instances.length) throw new Error(`${instances.length} rows sent, ${answer.predictions.length} answered`);
    predictions.push(...answer.predictions);
  }
  return predictions;
}

function pairOf(customer: Customer, prediction: Prediction | undefined, reference: ReadonlyMap<string, number>, version: string) {
  const expected = reference.get(customer.id);
  if (expected === undefined || prediction === undefined) throw new Error(`customer ${customer.id} is missing on one side of ${version}`);
  return { expected, served: prediction.probability, decision: prediction.decision };
}

function percent(share: number): string {
  return `${(share * 100).toFixed(3)} %`;
}
