import { randomInt } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import * as fc from 'fast-check';
import { z } from 'zod';
import { LABELS } from '../../../contracts/names.ts';
import { PredictResponse } from '../../../contracts/prediction.ts';
import { inParallel } from '../../../platform/parallel/in-parallel.ts';
import type { Check } from '../claim.ts';
import type { ClaimContext, PlatformClaim } from '../context.ts';
import { CHURN_MODELS, PODS } from '../kinds.ts';
import { cardOf, telcoCustomers } from '../load/customers.ts';
import { failuresInWords, Load } from '../load/load.ts';
import { CALL_TIMEOUT_MS, type LoadReport, type SampleCall } from '../load/protocol.ts';
import { churnModel, VERSIONS } from '../manifest.ts';
import { untilServing } from '../serving.ts';
import { Documented, statusesOf, undocumented } from './fuzz/judge.ts';
import { fuzzRequests, type FuzzRequest } from './fuzz/requests.ts';
import { Sender } from './fuzz/sender.ts';
import { SlowSenders } from './fuzz/slow-senders.ts';
import { PodWatcher } from './serving-pods.ts';

const NAME = 'fuzz';
const BODIES = { short: 2000, full: 100_000 } as const;
/** The figures of memory are compared from here on. */
const FIRST = 1000;
const BATCH = 250;
const AT_ONCE = 32;
const SLOW_CONNECTIONS = 100;
/** Longer than a slow sender is let be (limits.ts, requestMs), so that all of them are seen to be turned away. */
const SLOW_FOR_MS = 13_000;
const MEMORY_RATIO = 1.1;
/** One a second; both figures are taken alike. */
const READINGS = 5;
/** So long nothing but them and a caller is there: what they cost it is seen alone. */
const SLOW_ALONE_MS = { short: 5000, full: 15_000 } as const;
const CALLER = { ratePerSecond: 20, keptConnections: 4, timeoutMs: CALL_TIMEOUT_MS } as const;
const CALLER_P99_MS = 1000;
const STARTED_WITHIN_MS = 180_000;
const SHOWN = 5;
/** Answers that a run without would not have tried much. */
const EXPECTED = ['200', '400', '413', '415', '422', '501'] as const;
const MIB = 1024 * 1024;

/** What became of fuzzed requests. */
type Fuzzed = { sent: number; undocumented: string[]; byStatus: Map<string, number>; byKind: Map<string, number> };

/** Whatever is sent, a pod answers what is documented, lives, and keeps its memory. */
export const fuzz: PlatformClaim = {
  name: 'fuzz',
  title: 'Whatever a caller sends, a pod gives documented answers only, does not restart, does not grow, and serves the others.',
  needs: 'quiet',
  run: async (context) => {
    const { kube, progress, form, signal } = context;
    const version = VERSIONS.decent;
    const seed = Number(process.env['CHURNOPS_FUZZ_SEED'] ?? randomInt(2 ** 31));
    // One pod: its memory is looked at.
    await kube.apply(churnModel({ name: NAME, version, spec: { serving: { replicas: 1 } } }));
    await untilServing(kube, NAME, { version, deadlineMs: STARTED_WITHIN_MS });
    const url = await context.serviceUrl(NAME);
    const watcher = new PodWatcher(kube, NAME);
    const samples = await ownSamples(url, version, signal);
    const call = (phase: string): Load => Load.start({ url: `${url}/v1/models/${NAME}:predict`, ...CALLER, tolerance: 1e-6, versions: { [version]: 'own' }, samples: [...samples], phase });
    const slow = new SlowSenders({ url, path: `/v1/models/${NAME}:predict`, connections: SLOW_CONNECTIONS });
    const slowSinceMs = Date.now();
    progress(`${SLOW_CONNECTIONS} senders of a byte a second, and a caller`);
    const besideSlow = call('beside slow senders');
    await wait(SLOW_ALONE_MS[form], undefined, { signal });
    const slowAlone = await besideSlow.stop();
    const load = call('beside fuzzed bodies');
    progress(`${BODIES[form]} bodies to ${url}, seed ${seed} (CHURNOPS_FUZZ_SEED repeats it)`);
    const statuses = Documented.parse(await (await fetch(`${url}/openapi.json`, { signal })).json());
    const fuzzed: Fuzzed = { sent: 0, undocumented: [], byStatus: new Map(), byKind: new Map() };
    const sender = new Sender(url);
    const card = await cardOf(version);
    let afterFirst = 0;
    const startedMs = Date.now();
    for (let batch = 0; fuzzed.sent < BODIES[form]; batch += 1) {
      signal.throwIfAborted();
      await sendBatch(sender, fc.sample(fuzzRequests(NAME, version, card), { seed: seed + batch, numRuns: BATCH }), `seed ${seed + batch}`, statuses, fuzzed);
      if (fuzzed.sent === FIRST) afterFirst = await residentBytes(context);
      if (fuzzed.sent % 10_000 === 0) progress(`${fuzzed.sent} sent, ${fuzzed.undocumented.length} undocumented answers`);
    }
    const seconds = (Date.now() - startedMs) / 1000;
    const afterLast = await residentBytes(context);
    await wait(Math.max(0, slowSinceMs + SLOW_FOR_MS - Date.now()), undefined, { signal });
    const slowReport = slow.stop();
    const loadReport = await load.stop();
    const pods = await watcher.stop();
    await sender.close();
    await kube.delete(CHURN_MODELS, NAME);

    const ratio = afterLast / afterFirst;
    const turnedAway = Object.entries(slowReport.answered).map(([status, count]) => `${count} x ${status}`).join(', ');
    const kinds = [...fuzzed.byKind].toSorted((a, b) => b[1] - a[1]);
    const answers = [...fuzzed.byStatus].toSorted(([a], [b]) => a.localeCompare(b));
    const checks: Check[] = [
      context.check('only documented answers', fuzzed.undocumented.length === 0, fuzzed.undocumented.slice(0, SHOWN).join('; ') || `${fuzzed.sent} requests: ${answers.map(([status, count]) => `${status} ${count}`).join(', ')}`),
      context.check('good and bad bodies are among them', EXPECTED.every((status) => (fuzzed.byStatus.get(status) ?? 0) > 0), `${kinds.length} kinds of bodies; ${EXPECTED.map((status) => `${status}: ${fuzzed.byStatus.get(status) ?? 0}`).join(', ')}`),
      context.check('no restart', pods.restarts === 0 && pods.pods === 1, `${pods.pods} pod, ${pods.restarts} restarts ${pods.restarted.join(', ')}`.trim()),
      context.check('memory stays', ratio <= MEMORY_RATIO, `${mib(afterFirst)} MiB after ${FIRST}, ${mib(afterLast)} MiB after ${fuzzed.sent}: ${ratio.toFixed(3)} x, at most ${MEMORY_RATIO}`),
      context.check('senders of a byte a second are turned away', slowReport.mostAtOnce >= SLOW_CONNECTIONS && turnedAway !== '' && Object.keys(slowReport.answered).every((status) => status === '408'), `${slowReport.mostAtOnce} at once, ${turnedAway}, after ${(slowReport.longestMs / 1000).toFixed(1)} s at most`),
      context.check('they harm nobody: a caller beside them is served at once', served(slowAlone) && slowAlone.p99Ms <= CALLER_P99_MS, callsInWords(slowAlone)),
      context.check('a caller beside the fuzzed bodies is served', served(loadReport), callsInWords(loadReport)),
    ];
    return {
      checks,
      figure: `${fuzzed.sent} bodies (${(fuzzed.sent / seconds).toFixed(0)} a second), ${fuzzed.undocumented.length} undocumented answers, ${pods.restarts} restarts, memory ${ratio.toFixed(3)} x`,
      evidence: [`Seed ${seed}: \`CHURNOPS_FUZZ_SEED=${seed} hack/prove fuzz\` sends the same bodies.`, '', '| answer | requests |', '| --- | --- |', ...answers.map(([status, count]) => `| ${status} | ${count} |`), '', '| kind of body | requests |', '| --- | --- |', ...kinds.map(([kind, count]) => `| ${kind} | ${count} |`)].join('\n'),
    };
  },
};

async function sendBatch(sender: Sender, requests: readonly FuzzRequest[], seed: string, documented: Documented, fuzzed: Fuzzed): Promise<void> {
  await inParallel([...requests.entries()], AT_ONCE, async ([index, given]) => {
    const problem = await judge(sender, given, documented, fuzzed);
    if (problem !== undefined) fuzzed.undocumented.push(`${seed}, number ${index} (${given.kind}, ${given.delivery}): ${problem}`);
  });
  fuzzed.sent += requests.length;
}

async function judge(sender: Sender, given: FuzzRequest, documented: Documented, fuzzed: Fuzzed): Promise<string | undefined> {
  count(fuzzed.byKind, given.kind);
  try {
    const answer = await sender.send(given);
    count(fuzzed.byStatus, answer === undefined ? 'closed' : String(answer.status));
    if (answer === undefined) return undefined;
    // What is no HTTP has no path; its answer is V1's.
    const path = given.delivery === 'NotHttp' ? given.path.replace(/^\/v2\/models\/([^/]+)\/.*$/, '/v1/models/$1:predict') : given.path;
    return undocumented(path, answer, statusesOf(documented, path));
  } catch (thrown) {
    count(fuzzed.byStatus, 'none');
    return `no answer: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** Customers with what the pod itself says of them before anything is done to it. */
async function ownSamples(url: string, version: string, signal: AbortSignal): Promise<readonly SampleCall[]> {
  const customers = (await telcoCustomers(await cardOf(version))).slice(0, 20);
  const body = JSON.stringify({ instances: customers.map(({ instance }) => instance) });
  const answer = await fetch(`${url}/v1/models/${NAME}:predict`, { method: 'POST', headers: { 'content-type': 'application/json' }, body, signal });
  const { predictions } = PredictResponse.parse(await answer.json());
  return customers.map(({ instance }, index) => ({ body: JSON.stringify({ instances: [instance] }), expected: { own: predictions[index]?.probability ?? Number.NaN } }));
}

/** Resident memory of the one pod: the median of some seconds, for what has just been sent is garbage still. */
async function residentBytes({ kube, controlUrl, signal }: ClaimContext): Promise<number> {
  const [pod] = await kube.list(PODS, { labelSelector: `${LABELS.model}=${NAME},${LABELS.component}=serving` });
  if (pod === undefined) throw new Error('the pod is gone');
  const url = `${await controlUrl(pod.metadata.name)}/metrics`;
  const readings: number[] = [];
  while (readings.length < READINGS) {
    await wait(1000, undefined, { signal });
    const text = await (await fetch(url, { signal })).text();
    readings.push(z.coerce.number().positive().parse(/^process_resident_memory_bytes(?:\{.*\})? (\S+)/m.exec(text)?.[1]));
  }
  return readings.toSorted((a, b) => a - b)[Math.floor(READINGS / 2)] ?? Number.NaN;
}

function served({ calls, failed }: LoadReport): boolean {
  return calls > 0 && failed === 0;
}

function callsInWords(report: LoadReport): string {
  return `${report.calls} calls, ${report.failed} failed${report.failed === 0 ? '' : ` (${failuresInWords(report)})`}, p99 ${report.p99Ms.toFixed(0)} ms`;
}

function mib(bytes: number): string {
  return (bytes / MIB).toFixed(0);
}
