import type { TrafficState } from '../../../../contracts/traffic.ts';
import { sleep, systemClock } from '../../../../operator/runtime/clock.ts';
import { isReady, podsOf, trafficOf, untilFollowed, type Sides } from '../../beside-stable.ts';
import type { ClaimContext } from '../../context.ts';
import { killContainer, processOf } from '../../faults.ts';
import { failedIn, failuresInWords, Load } from '../../load/load.ts';
import { CALL_TIMEOUT_MS, type LoadReport, type SampleCall } from '../../load/protocol.ts';
import { TOLERANCE } from '../../load/samples.ts';
import { VERSIONS } from '../../manifest.ts';
import type { Harmed } from './misbehaving.ts';

const KEPT_CONNECTIONS = 30;
const BOTH_ANSWER = { [VERSIONS.decent]: 'decent', [VERSIONS.better]: 'better' } as const;
const BACK_WITHIN_MS = 180_000;
const CLOSES_WITHIN_MS = 90_000;
const HEALTHY = 'is well';
/** A caller waits for the candidate this long at most. */
const FORWARD_TIMEOUT_MS = 100;
const NOISE_MS = 100;
/** A process that runs a third of the time takes three times as long; turns are short beside what callers wait for. */
const SLOWED = { runMs: 5, stopMs: 10 } as const;

/** What is done to every pod of the candidate at the same time, for so long. */
type Harm = Readonly<{ name: string; opensBreaker: boolean; run: (processes: Processes, forMs: number, signal: AbortSignal) => Promise<void> }>;
type Processes = Readonly<{ kill: () => Promise<void>; signalAll: (signal: NodeJS.Signals) => void }>;

const DIES: Harm = {
  name: 'dies (kill -9)',
  opensBreaker: false,
  run: async ({ kill }, forMs, signal) => {
    await kill();
    await sleep(systemClock, forMs, signal);
  },
};
const HANGS: Harm = {
  name: 'hangs (SIGSTOP)',
  opensBreaker: true,
  run: async ({ signalAll }, forMs, signal) => {
    signalAll('SIGSTOP');
    try {
      await sleep(systemClock, forMs, signal);
    } finally {
      signalAll('SIGCONT');
    }
  },
};
const SLOWS: Harm = {
  name: 'is 3 x slower',
  opensBreaker: false,
  run: async ({ signalAll }, forMs, signal) => {
    const endMs = Date.now() + forMs;
    try {
      while (Date.now() < endMs) {
        signalAll('SIGSTOP');
        await sleep(systemClock, SLOWED.stopMs, signal);
        signalAll('SIGCONT');
        await sleep(systemClock, SLOWED.runMs, signal);
      }
    } finally {
      signalAll('SIGCONT');
    }
  },
};

const PACES = {
  full: { ratePerSecond: 200, forMs: 8000, harms: [DIES, HANGS, SLOWS] },
  short: { ratePerSecond: 150, forMs: 3000, harms: [DIES, HANGS] },
} as const;

/** Real pods of the candidate are killed, stopped and slowed under load: callers do not notice. */
export async function harmCandidate(context: ClaimContext, sides: Sides, input: Readonly<{ url: string; samples: readonly SampleCall[] }>): Promise<Harmed> {
  const { signal, form, progress } = context;
  const { ratePerSecond, forMs, harms } = PACES[form];
  const load = Load.start({ url: input.url, ratePerSecond, keptConnections: KEPT_CONNECTIONS, timeoutMs: CALL_TIMEOUT_MS, tolerance: TOLERANCE, versions: BOTH_ANSWER, samples: [...input.samples], phase: HEALTHY });
  const opened = new Map<string, boolean>();
  try {
    await sleep(systemClock, forMs, signal);
    for (const harm of harms) {
      progress(`the candidate ${harm.name}`);
      const processes = await processesOf(context, sides);
      load.phase(harm.name, BOTH_ANSWER);
      const watching = new AbortController();
      const watched = sawOpen(context, sides, watching.signal);
      await harm.run(processes, forMs, signal);
      watching.abort();
      opened.set(harm.name, await watched);
      load.phase(`${harm.name}, over`, BOTH_ANSWER);
      await untilWell(context, sides);
    }
  } catch (error) {
    progress(`failed calls until now: ${failuresInWords(await load.stop())}`);
    throw error;
  }
  return judge(context, await load.stop(), opened);
}

async function processesOf({ namespace, signal, ...context }: ClaimContext, { model, candidate }: Sides): Promise<Processes> {
  const refs = (await podsOf(context, model, candidate)).map(({ metadata }) => ({ namespace, pod: metadata.name, container: 'serve' }));
  if (refs.length === 0) throw new Error('the candidate has no pod to harm');
  const pids = await Promise.all(refs.map(async (ref) => processOf(ref, signal)));
  return {
    kill: async () => void (await Promise.all(refs.map(async (ref) => killContainer(ref, signal)))),
    signalAll: (name) => {
      for (const pid of pids) process.kill(pid, name);
    },
  };
}

async function statesOf(context: ClaimContext, { model, stable }: Sides): Promise<readonly TrafficState[]> {
  const pods = await podsOf(context, model, stable);
  const states = await Promise.all(pods.filter(isReady).map(async ({ metadata }) => trafficOf(await context.controlUrl(metadata.name), context.signal)));
  return states.filter((state) => state !== undefined);
}

/** Whether a stable pod was seen with an open breaker until the signal fires. */
async function sawOpen(context: ClaimContext, sides: Sides, until: AbortSignal): Promise<boolean> {
  let open = false;
  do {
    open ||= (await statesOf(context, sides)).some(({ sides: { candidate } }) => candidate?.breaker === 'Open');
    await sleep(systemClock, 200, until).catch(() => {});
  } while (!until.aborted);
  return open;
}

/** Every pod of the candidate is ready again and asked, and, in full, no breaker is open any more: calls go on, so that there is a probe. */
async function untilWell(context: ClaimContext, sides: Sides): Promise<void> {
  const { kube, form } = context;
  await kube.untilAny({ what: 'the candidate is ready again', deadlineMs: BACK_WITHIN_MS, everyMs: 300 }, async () => (await podsOf(context, sides.model, sides.candidate)).map(isReady), (ready) => ready.length > 0 && ready.every(Boolean));
  // While no pod of the candidate is ready, stable's are told nothing of it.
  await untilFollowed(context, sides, { mode: 'Canary' });
  if (form === 'short') return;
  await kube.untilAny({ what: 'the breakers close', deadlineMs: CLOSES_WITHIN_MS, everyMs: 300 }, async () => (await statesOf(context, sides)).map(({ sides: { candidate } }) => candidate?.breaker), (breakers) => breakers.length > 0 && breakers.every((breaker) => breaker === 'Closed'));
}

function judge({ check, form }: ClaimContext, report: LoadReport, opened: ReadonlyMap<string, boolean>): Harmed {
  const healthy = report.timesByPhase[HEALTHY];
  if (healthy === undefined) throw new Error('a candidate that is well is measured, too');
  const boundMs = FORWARD_TIMEOUT_MS + 2 * healthy.p99Ms + NOISE_MS;
  const rows = PACES[form].harms.map(({ name, opensBreaker }) => {
    const times = report.timesByPhase[name];
    const failed = failedIn(report, name);
    const why = failed === 0 ? '' : ` (${failuresInWords({ ...report, failures: report.failures.filter(({ phase }) => phase === name) })})`;
    // As for the processes: beside other claims times are told, not judged.
    const bounded = form === 'short' || (times !== undefined && times.p99Ms <= boundMs);
    check(`in the cluster: a candidate that ${name}: no call fails${form === 'full' ? ', p99 is bounded' : ''}`, failed === 0 && bounded, `${times?.calls ?? 0} calls, ${failed} failed${why}; p99 ${times?.p99Ms.toFixed(1)} ms of ${boundMs.toFixed(0)}, longest ${times?.maxMs.toFixed(0)} ms`);
    if (opensBreaker) check(`in the cluster: a candidate that ${name}: the breaker opens${form === 'full' ? ', and closes once it is well' : ''}`, opened.get(name) === true, opened.get(name) === true ? 'it was seen open' : 'no breaker was seen open');
    return `| ${name} | ${times?.calls} | ${failed} | ${times?.p50Ms.toFixed(1)} | ${times?.p99Ms.toFixed(1)} | ${((times?.p99Ms ?? Number.NaN) / healthy.p99Ms).toFixed(2)} | ${opened.get(name) === true ? 'opened' : 'stayed closed'} |`;
  });
  check('in the cluster: no call fails before, between and after', report.failed === PACES[form].harms.reduce((sum, { name }) => sum + failedIn(report, name), 0), `${report.calls} calls in all, ${report.failed} failed: ${failuresInWords(report)}`);
  const evidence = [
    `Real pods, ${PACES[form].ratePerSecond} calls a second of one row through the Service. Slower: the process is stopped two thirds of the time, ${SLOWED.stopMs} ms of ${SLOWED.stopMs + SLOWED.runMs}.`,
    '',
    '| the candidate | calls | failed | p50, ms | p99, ms | p99, ratio | breaker |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    `| ${HEALTHY} | ${healthy.calls} | ${failedIn(report, HEALTHY)} | ${healthy.p50Ms.toFixed(1)} | ${healthy.p99Ms.toFixed(1)} | 1.00 | |`,
    ...rows,
  ].join('\n');
  return { calls: report.calls, failed: report.failed, evidence };
}
