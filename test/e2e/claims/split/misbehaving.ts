import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serverImageCommand } from '../../../../hack/bench.d/image-command.ts';
import { servedPackage } from '../../../../hack/bench.d/served-package.ts';
import { ServingProgram } from '../../../../hack/bench.d/serving-program.ts';
import type { TrafficState } from '../../../../contracts/traffic.ts';
import { sleep, systemClock } from '../../../../operator/runtime/clock.ts';
import type { ClaimBasics } from '../../context.ts';
import { TELCO_PACKAGES } from '../../load/customers.ts';
import { callsOf, failedIn, failuresInWords, Load } from '../../load/load.ts';
import { CALL_TIMEOUT_MS, type LoadReport, type SampleCall } from '../../load/protocol.ts';
import { TOLERANCE } from '../../load/samples.ts';
import { VERSIONS } from '../../manifest.ts';
import { until } from '../../until.ts';
import { FaultCandidate } from './fault-candidate.ts';
import { FAULTS, FAULT_TITLES, isAnError, type Fault } from './faults.ts';

type Pace = Readonly<{ ratePerSecond: number; phaseMs: number; faults: readonly Fault[]; closes: readonly Fault[] }>;
/** In full every fault, and for those that the issue names also that the breaker closes again, which takes 30 s each. */
const PACES: Readonly<Record<ClaimBasics['form'], Pace>> = {
  full: { ratePerSecond: 200, phaseMs: 5000, faults: FAULTS, closes: ['Hangs', 'Refuses', 'Denies', 'Garbage'] },
  short: { ratePerSecond: 80, phaseMs: 1500, faults: ['Healthy', 'Slow', 'Hangs', 'Denies', 'Garbage'], closes: [] },
};
/** The usual 1 % is one late answer in 50 forwards: on a machine that does more than this, one that is well would open the breaker, too. */
const CANARY = { mode: 'Canary', percent: 50, maxErrorPercent: 20 } as const;
const KEPT_CONNECTIONS = 40;
const BOTH_ANSWER = { [VERSIONS.decent]: 'decent', [VERSIONS.better]: 'better' } as const;
const OPENS_WITHIN_MS = 30_000;
/** 30 s without any forward, then one probe. */
const CLOSES_WITHIN_MS = 60_000;
/** A caller waits for the candidate this long at most; then the answer that is there already is sent. */
const FORWARD_TIMEOUT_MS = 100;
/** Timers of two processes, and the machine's noise beside what callers see of a candidate that is well. */
const NOISE_MS = 60;

/** What callers of a misbehaving candidate saw in all. */
export type Harmed = Readonly<{ calls: number; failed: number; evidence: string }>;

/** What callers saw of a candidate with a fault. */
type Seen = Readonly<{ fault: Fault; while: TrafficState; closedAfterMs: number | undefined }>;

/** A stable server process with a candidate that misbehaves in each way there is: its callers do not notice. Needs no cluster. */
export async function misbehaving(basics: ClaimBasics, samples: readonly SampleCall[]): Promise<Harmed> {
  const { signal, form } = basics;
  const folder = await mkdtemp(join(tmpdir(), 'churnops-split-'));
  const running: { stop: () => Promise<void> | void }[] = [];
  try {
    const image = await serverImageCommand();
    const start = async (version: string, core: 0 | 1): Promise<ServingProgram> => {
      const own = join(folder, version);
      await mkdir(own, { recursive: true });
      const server = await ServingProgram.start({ core, served: await servedPackage(join(TELCO_PACKAGES, version)), folder: own, image, signal });
      running.push(server.program);
      return server;
    };
    const [stable, candidate] = await Promise.all([start(VERSIONS.decent, 0), start(VERSIONS.better, 1)]);
    const faulty = await FaultCandidate.start(candidate.target, signal);
    running.push(faulty);
    const pace = PACES[form];
    const { ratePerSecond } = pace;
    const load = Load.start({ url: stable.predictUrl, ratePerSecond, keptConnections: KEPT_CONNECTIONS, timeoutMs: CALL_TIMEOUT_MS, tolerance: TOLERANCE, versions: BOTH_ANSWER, samples: [...samples], phase: 'before' });
    const seen: Seen[] = [];
    try {
      for (const fault of pace.faults) seen.push(await misbehave({ basics, stable, faulty, load, pace }, fault));
    } catch (error) {
      basics.progress(`failed calls until now: ${failuresInWords(await load.stop())}`);
      throw error;
    }
    return judge(basics, await load.stop(), seen);
  } finally {
    await Promise.all(running.map(async (each) => each.stop()));
    await rm(folder, { recursive: true, force: true });
  }
}

type Scene = Readonly<{ basics: ClaimBasics; stable: ServingProgram; faulty: FaultCandidate; load: Load; pace: Pace }>;

async function misbehave({ basics, stable, faulty, load, pace }: Scene, fault: Fault): Promise<Seen> {
  const { signal, progress } = basics;
  progress(`a candidate that ${FAULT_TITLES[fault]}`);
  await stable.follow(CANARY, faulty.target(fault));
  load.phase(fault, BOTH_ANSWER);
  await sleep(systemClock, pace.phaseMs, signal);
  const breaker = async (wanted: string, deadlineMs: number): Promise<TrafficState> => until({ what: `${fault}: the breaker is ${wanted}`, deadlineMs, signal }, async () => stable.traffic(), ({ sides }) => sides.candidate?.breaker === wanted);
  // One that is well or slow is looked at as it is.
  const state = isAnError(fault) ? await breaker('Open', OPENS_WITHIN_MS) : await stable.traffic();
  if (!pace.closes.includes(fault)) return { fault, while: state, closedAfterMs: undefined };
  faulty.heal(fault);
  load.phase(`${fault}, healed`, BOTH_ANSWER);
  const healedMs = Date.now();
  await breaker('Closed', CLOSES_WITHIN_MS);
  return { fault, while: state, closedAfterMs: Date.now() - healedMs };
}

function judge({ check, form }: ClaimBasics, report: LoadReport, seen: readonly Seen[]): Harmed {
  const healthy = report.timesByPhase['Healthy'];
  if (healthy === undefined) throw new Error('a candidate that is well is measured, too');
  const boundMs = FORWARD_TIMEOUT_MS + 2 * healthy.p99Ms + NOISE_MS;
  const lines = seen.map(({ fault, while: state, closedAfterMs }) => {
    const times = report.timesByPhase[fault];
    const candidate = state.sides.candidate;
    const failed = failedIn(report, fault);
    const fromCandidate = callsOf(report, { phase: fault, version: VERSIONS.better });
    const title = `a candidate that ${FAULT_TITLES[fault]}`;
    // Beside other claims a machine of two cores may be too busy to answer within the time: in short form that is told, not judged.
    const bounded = form === 'short' || (times !== undefined && times.p99Ms <= boundMs);
    const answers = form === 'short' || (candidate?.breaker === 'Closed' && fromCandidate > 0);
    const asMeant = isAnError(fault) ? candidate?.breaker === 'Open' && candidate.errors > 0 : answers;
    check(`${title}: no call fails${form === 'full' ? ', p99 is bounded' : ''}`, failed === 0 && bounded, `${times?.calls ?? 0} calls, ${failed} failed${failed === 0 ? '' : ` (${failuresInWords({ ...report, failures: report.failures.filter(({ phase }) => phase === fault) })})`}; p99 ${times?.p99Ms.toFixed(1)} ms of ${boundMs.toFixed(0)}, longest ${times?.maxMs.toFixed(0)} ms`);
    check(`${title}: ${isAnError(fault) ? 'the breaker opens' : 'it answers its share'}`, asMeant, `breaker ${candidate?.breaker}, ${candidate?.errors} errors of ${candidate?.requests} forwards, ${candidate?.fallbacks} fallbacks, ${fromCandidate} calls answered by it`);
    if (closedAfterMs !== undefined) check(`${title}: once it is well the breaker closes`, true, `${(closedAfterMs / 1000).toFixed(1)} s after it was well`);
    return `| ${FAULT_TITLES[fault]} | ${times?.calls} | ${failed} | ${times?.p50Ms.toFixed(1)} | ${times?.p99Ms.toFixed(1)} | ${((times?.p99Ms ?? Number.NaN) / healthy.p99Ms).toFixed(2)} | ${candidate?.errors} of ${candidate?.requests} | ${candidate?.fallbacks} | ${candidate?.breaker}${closedAfterMs === undefined ? '' : `, closed ${(closedAfterMs / 1000).toFixed(0)} s after it was well`} |`;
  });
  const elsewhere = report.failed - seen.reduce((sum, { fault }) => sum + failedIn(report, fault), 0);
  check('no call fails in between', elsewhere === 0, `${report.calls} calls in all, ${elsewhere} failed: ${failuresInWords(report)}`);
  const evidence = [
    `A real stable server process, Canary ${CANARY.percent} %, ${PACES[form].ratePerSecond} calls a second of one row; between it and a real candidate stands a server that spoils the answers. Times from the instant a call was due; forwards are given up after ${FORWARD_TIMEOUT_MS} ms, and the breaker opens for more than ${CANARY.maxErrorPercent} % errors in 50.`,
    '',
    '| a candidate that | calls | failed | p50, ms | p99, ms | p99, ratio to one that is well | errors | fallbacks | breaker |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
  return { calls: report.calls, failed: report.failed, evidence };
}
