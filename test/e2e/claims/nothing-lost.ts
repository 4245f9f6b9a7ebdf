import { durationMs } from '../../../contracts/duration.ts';
import { sleep, systemClock } from '../../../operator/runtime/clock.ts';
import { gatedModel, layoutOf, podsOf, startBesides, startStable, type StableSide } from '../beside-stable.ts';
import { output } from '../command.ts';
import type { ClaimContext, PlatformClaim } from '../context.ts';
import { readEvidence } from '../feedback/evidence-reader.ts';
import { readLabels, readPredictions } from '../feedback/journal-reader.ts';
import { sendLabels, type FeedbackAddress } from '../feedback/send-labels.ts';
import { feedbackToken } from '../feedback/token.ts';
import { telcoTruth } from '../feedback/truth.ts';
import { lookAgain } from '../gate-view.ts';
import { PODS } from '../kinds.ts';
import { cardOf, telcoCustomers } from '../load/customers.ts';
import { RowPacer } from '../load/pace-rows.ts';
import { VERSIONS } from '../manifest.ts';
import { keyOf, storeObjects } from '../store-objects.ts';
import { refusesBadLabels } from './nothing-lost/bad-labels.ts';
import { fullDisk } from './nothing-lost/full-disk.ts';
import { HARMS } from './nothing-lost/harms.ts';
import { Labeller } from './nothing-lost/labeller.ts';
import { lossOf, type Loss } from './nothing-lost/loss.ts';

const MODEL = 'nothing-lost';
const RATE_PER_SECOND = 50;
const KEPT_CONNECTIONS = 20;
/** A process writes what it holds four times a second; a busy machine is later. */
const HELD_MS = 1500;
const CALM_MS = { full: 3000, short: 1500 } as const;
const SHIPPED_WITHIN_MS = 150_000;
const HORIZON = '10s';
const GATE = { labels: 'Feedback', minAUC: 0.74, interval: '24h' } as const;
const ASKED_THEN = { minAUC: 0.75 } as const;
/** Customers that nobody ever scored. */
const STRANGERS = 7;

/** Labels that were acknowledged and predictions that were answered are in the store, whatever happened meanwhile. */
export const nothingLost: PlatformClaim = {
  name: 'nothing-lost',
  title: 'Serving processes killed -9, the store killed, stopped and slow, a disk that fills: no acknowledged label is lost, predictions only those that a killed process held, and what came twice counts once; wrong labels are refused clearly.',
  needs: 'shared',
  run: async (context) => {
    const { form, signal } = context;
    let small = '';
    if (form === 'full') {
      await output('hack/node', ['hack/bundle.ts'], { signal });
      small = await fullDisk(context);
    }
    // A gate is only needed to count what it matches.
    const start = form === 'full' ? startBesides : startStable;
    const sides = await start(context, gatedModel(context, { name: MODEL, replicas: 2, rollout: { gate: GATE }, spec: { labels: { horizon: HORIZON } } }));
    const service = await context.serviceUrl(MODEL);
    const address = { url: `${service}/v1/models/${MODEL}:feedback`, token: await feedbackToken(context, MODEL), signal };
    const done = await harm(context, sides, { predictUrl: `${service}/v1/models/${MODEL}:predict`, address });
    const refused = await refusesBadLabels(context, address, done.anId);
    const strangers = Array.from({ length: STRANGERS }, (_, index) => ({ entity: `nobody-${index}`, label: true, observedAt: new Date().toISOString() }));
    await sendLabels(address, strangers, STRANGERS);
    const loss = await compare(context, sides, done);
    if (form === 'full') await counted(context, loss, done);
    const { labels, predictions, unexplained } = loss.lost;
    return {
      checks: [],
      figure: `${done.deeds.length} disturbances: ${labels.length} of ${done.acknowledged} acknowledged labels lost, ${predictions.length} of ${done.answered} predictions, ${unexplained.length} of them not held by a process that was killed; ${refused} kinds of wrong label refused`,
      evidence: ['| disturbance | answers to labels that were not acknowledged meanwhile |', '| --- | --- |', ...done.deeds.map(({ name, refusals }) => `| ${name} | ${refusals} |`), '', small].join('\n').trim(),
    };
  },
};

type Deed = Readonly<{ name: string; refusals: string }>;
type Done = Readonly<{ pacer: RowPacer; labeller: Labeller; deathsMs: readonly number[]; deeds: readonly Deed[]; answered: number; acknowledged: number; anId: string }>;

/** Rows and labels go on while one thing after the other happens. */
async function harm(context: ClaimContext, sides: StableSide, { predictUrl, address }: Readonly<{ predictUrl: string; address: FeedbackAddress }>): Promise<Done> {
  const { form, signal, progress, check } = context;
  const customers = await telcoCustomers(await cardOf(VERSIONS.decent));
  const pacer = new RowPacer({ url: predictUrl, customers, ratePerSecond: RATE_PER_SECOND, keptConnections: KEPT_CONNECTIONS, endless: true });
  const labeller = new Labeller(pacer, address, await telcoTruth());
  const deathsMs: number[] = [];
  const deeds: Deed[] = [];
  try {
    await sleep(systemClock, CALM_MS[form], signal);
    for (const { name, run } of HARMS[form]) {
      progress(name);
      const before = new Map(labeller.refused);
      deathsMs.push(...(await run(context, sides)));
      await sleep(systemClock, CALM_MS[form], signal);
      deeds.push({ name, refusals: inWords(labeller.refused, before) });
    }
  } catch (error) {
    labeller.abandon();
    throw error;
  } finally {
    await pacer.stop();
  }
  await labeller.stop();
  const anId = pacer.scored[0]?.prediction.id;
  if (anId === undefined) throw new Error('no row was scored');
  // Who is connected to a process that is killed gets no answer; that is `no-failed-calls`' business.
  check('rows are scored and labels acknowledged all the while', pacer.scored.length > 0 && labeller.acknowledged.length === pacer.scored.length, `${pacer.scored.length} rows, ${pacer.failures.length} calls without an answer, ${labeller.acknowledged.length} labels acknowledged`);
  return { pacer, labeller, deathsMs, deeds, answered: pacer.scored.length, acknowledged: labeller.acknowledged.length, anId };
}

function inWords(now: ReadonlyMap<string, number>, before: ReadonlyMap<string, number>): string {
  const more = [...now].map(([answer, count]) => ({ answer, count: count - (before.get(answer) ?? 0) })).filter(({ count }) => count > 0);
  return more.map(({ answer, count }) => `${count} x ${answer}`).join(', ') || 'none';
}

type Compared = Readonly<{ lost: Loss; predictions: number; labels: number }>;

/** Stable's pods are replaced, so that they ship what they have; then callers' notes beside the store. */
async function compare(context: ClaimContext, sides: StableSide, { pacer, labeller, deathsMs }: Done): Promise<Compared> {
  const { kube, store, check, progress } = context;
  progress('stable\'s pods end');
  for (const { metadata } of await podsOf(context, sides.model, sides.stable)) await kube.delete(PODS, metadata.name);
  const layout = layoutOf(context, MODEL);
  const look = async () => {
    const predictions = await readPredictions(storeObjects(store), layout.predictions);
    const labels = await readLabels(storeObjects(store), layout.labels);
    return { predictions, labels, lost: lossOf({ acknowledged: labeller.acknowledged, answered: pacer.scored.map(({ prediction: { id }, atMs }) => ({ id, atMs })), labels: labels.records, predictions: predictions.records, deathsMs, heldMs: HELD_MS }) };
  };
  // What was not shipped when this ends is lost, and told so below.
  const found = await kube.untilAny({ what: 'the store has what was answered', deadlineMs: SHIPPED_WITHIN_MS, everyMs: 1000 }, look, ({ lost }) => lost.unexplained.length === 0).catch(look);
  const { lost, predictions, labels } = found;
  check('no acknowledged label is lost', lost.labels.length === 0, `${lost.labels.length} of ${labeller.acknowledged.length} are not in the store${lost.labels[0] === undefined ? '' : `, such as ${lost.labels[0].id}`}`);
  check('predictions are lost only with the process that held them', lost.unexplained.length === 0, `${lost.predictions.length} of ${pacer.scored.length} lost, ${lost.unexplained.length} of them not within ${HELD_MS / 1000} s before one of ${deathsMs.length} deaths`);
  check('no record is broken', predictions.broken + labels.broken === 0, `${predictions.records.length} predictions in ${predictions.objects} objects, ${labels.records.length} labels in ${labels.objects}; ${lost.repeatedPredictions} and ${lost.repeatedLabels} of them came again`);
  return { lost, predictions: new Set(predictions.records.map(({ id }) => id)).size, labels: new Set(labels.records.map(({ id, entity, observedAt }) => JSON.stringify([id, entity, Date.parse(observedAt)]))).size };
}

/** The gate counts what came twice once, and labels that match nothing are told in the status. */
async function counted(context: ClaimContext, { lost, predictions, labels }: Compared, { pacer }: Done): Promise<void> {
  const { check, signal, store } = context;
  const maturedMs = Math.max(...pacer.scored.map(({ atMs }) => atMs)) + durationMs(HORIZON);
  await sleep(systemClock, Math.max(0, maturedMs - Date.now()), signal);
  const view = await lookAgain(context, MODEL, ASKED_THEN);
  if (view.evidence === undefined) throw new Error('the status names no evidence');
  const key = keyOf(view.evidence.path);
  const folder = key.slice(0, key.lastIndexOf('/'));
  const { evidence } = await readEvidence(key.slice(folder.length + 1), async (file) => store.get(`${folder}/${file}`));
  const { feedback } = evidence.report;
  check('a look counts what came twice once', feedback?.labels === labels && (feedback?.predictions ?? Number.NaN) <= predictions, `${feedback?.predictions} predictions since the candidate is mirrored to, of ${predictions} different ones; ${feedback?.labels} labels, ${labels} different ones`);
  // Of each label of a lost prediction nobody knows what it is about.
  const unmatched = STRANGERS + lost.predictions.length;
  check('labels that match no prediction are counted in the status', feedback?.unmatchedLabels === unmatched && view.message?.includes(`${unmatched} labels match no prediction`) === true, `${feedback?.unmatchedLabels} unmatched: ${STRANGERS} of customers that nobody scored, ${lost.predictions.length} of predictions that are lost; status: ${view.message}`);
}
