import { sleep, systemClock } from '../../../operator/runtime/clock.ts';
import type { Check, ClaimOutcome } from '../claim.ts';
import type { ClaimContext, PlatformClaim } from '../context.ts';
import { failedIn, failuresInWords, retriedIn, sentIn, wasOnSchedule } from '../load/load.ts';
import { PodLoad } from '../load/pod-load.ts';
import { CALL_TIMEOUT_MS, type LoadReport } from '../load/protocol.ts';
import { TOLERANCE, twoVersionSamples } from '../load/samples.ts';
import { churnModel, VERSIONS } from '../manifest.ts';
import { seededRandom } from '../seeded-random.ts';
import { untilServing } from '../serving.ts';
import { apiServerRestarted, chartUpgraded, etcdRestarted, eviction, leaderChange, operatorKilled, servingKilled, versionChange, type Disturbance } from './no-failed-calls/disturbances.ts';
import { Scene } from './no-failed-calls/scene.ts';

const MODEL = 'callee';
const RATE_PER_SECOND = 50;
/** One call a second each: a connection carries one call at a time, and a slow answer must not be counted against those behind it. */
const KEPT_CONNECTIONS = 25;
const SAMPLES = 200;
/**
 * A process that is killed is called until nobody is sent to it any more: the kubelet looks for dead containers once a second, kube-proxy writes rules
 * at most once a second, and the API server is in between. A caller that tries again sooner may meet the same pod (1 in 48 after one second).
 */
const RETRY_AFTER_MS = 3000;
/** Calls go on for a while after all is well: what breaks late must be seen, too. */
const AFTERWARDS_MS = { full: 5000, short: 1000 } as const;
/** Calls between the first one and the first disturbance: nobody has an excuse for these. */
const BEFORE = 'before';
const BOTH_ANSWER = { [VERSIONS.decent]: 'decent', [VERSIONS.better]: 'better' } as const;

const FULL: readonly Disturbance[] = [versionChange, eviction, operatorKilled, leaderChange, apiServerRestarted, etcdRestarted, chartUpgraded, servingKilled(RETRY_AFTER_MS)];
const SHORT: readonly Disturbance[] = [operatorKilled, eviction];

type Disturbed = Readonly<{ name: string; did: string; tookMs: number; mayRetry: boolean }>;

/** Callers inside the cluster do not notice what happens to pods, operator and control plane. */
export const noFailedCalls: PlatformClaim = {
  name: 'no-failed-calls',
  title: '50 calls a second from inside the cluster, without retries: none fails while versions change, pods are evicted, operator, API server or etcd die, or the chart is upgraded; with one retry none fails when serving processes are killed.',
  run: async (context) => {
    const { kube, signal, form, progress } = context;
    await kube.apply(churnModel({ name: MODEL, spec: { serving: { replicas: 2 } } }));
    const samples = await twoVersionSamples(SAMPLES, signal);
    await untilServing(kube, MODEL, { version: VERSIONS.decent, deadlineMs: 180_000 });
    const url = `http://${MODEL}.${context.namespace}.svc.cluster.local/v1/models/${MODEL}:predict`;
    const load = await PodLoad.start(context, { url, ratePerSecond: RATE_PER_SECOND, keptConnections: KEPT_CONNECTIONS, timeoutMs: CALL_TIMEOUT_MS, tolerance: TOLERANCE, versions: BOTH_ANSWER, samples: [...samples], phase: BEFORE });
    const scene = new Scene(context, MODEL);
    const seed = Date.now() % 1_000_000;
    const random = seededRandom(seed);
    const done: Disturbed[] = [];
    try {
      for (const disturbance of form === 'full' ? FULL : SHORT) {
        progress(disturbance.name);
        await load.phase(disturbance.name, BOTH_ANSWER, disturbance.retryAfterMs);
        const startedMs = Date.now();
        const did = await disturbance.run(scene, random);
        await sleep(systemClock, AFTERWARDS_MS[form], signal);
        done.push({ name: disturbance.name, did, tookMs: Date.now() - startedMs, mayRetry: disturbance.retryAfterMs !== undefined });
      }
    } catch (error) {
      progress(`failed calls until now: ${failuresInWords(await load.stop())}`);
      throw error;
    }
    return outcome(context, await load.stop(), done, seed);
  },
};

function outcome({ check }: ClaimContext, report: LoadReport, done: readonly Disturbed[], seed: number): ClaimOutcome {
  const schedule = wasOnSchedule(report, RATE_PER_SECOND);
  const checks: Check[] = done.map(({ name, did, mayRetry }) => {
    const failed = failedIn(report, name);
    const why = failed === 0 ? '' : `: ${failuresInWords({ ...report, failures: report.failures.filter(({ phase }) => phase === name) })}`;
    const retried = mayRetry ? `, ${retriedIn(report, name)} of them at the second try` : '';
    return check(`${name}: no call fails`, failed === 0 && sentIn(report, name) > 0, `${sentIn(report, name) - failed} of ${sentIn(report, name)} calls answered${retried}${why} (${did})`);
  });
  const counted = done.reduce((sum, { name }) => sum + failedIn(report, name), 0);
  const elsewhere = report.failures.filter(({ phase }) => !done.some(({ name }) => name === phase));
  checks.push(check('no call fails before the disturbances', report.failed === counted, report.failed === counted ? `${sentIn(report, BEFORE)} calls` : `${report.failed - counted}: ${failuresInWords({ ...report, failures: elsewhere })}`));
  checks.push(check('the schedule was kept', schedule.kept, schedule.figures));
  const withoutRetry = done.filter(({ mayRetry }) => !mayRetry).reduce((sum, { name }) => sum + sentIn(report, name), 0);
  return {
    checks,
    figure: `${done.length} disturbances: ${report.calls} calls from inside the cluster, ${withoutRetry} of them without retries, ${report.failed} failed; p99 ${report.p99Ms.toFixed(1)} ms, longest ${report.maxMs.toFixed(0)} ms`,
    evidence: [
      `${RATE_PER_SECOND} calls a second from a pod, by the Service's name: half over ${KEPT_CONNECTIONS} kept-alive connections, half over a connection each; a call fails after ${CALL_TIMEOUT_MS} ms, at any other status than 200 and at any wrong score. Two serving pods. Seed of the random moments: ${seed}.`,
      '',
      '| disturbance | what was done | s | calls | first tries that failed | tried again | failed |',
      '| --- | --- | --- | --- | --- | --- | --- |',
      ...done.map(({ name, did, tookMs, mayRetry }) => `| ${name} | ${did} | ${(tookMs / 1000).toFixed(0)} | ${sentIn(report, name)} | ${mayRetry ? retriedIn(report, name) : failedIn(report, name)} | ${mayRetry ? `once, after ${RETRY_AFTER_MS / 1000} s` : 'no'} | ${failedIn(report, name)} |`),
      ...rawFailures(report),
    ].join('\n'),
  };
}

/** What callers saw before they tried again. */
function rawFailures(report: LoadReport): readonly string[] {
  if (report.retried.length === 0) return [];
  return ['', '| first tries that failed | connection | calls |', '| --- | --- | --- |', ...report.retried.map(({ phase, connection, error, calls }) => `| ${phase}: ${error} | ${connection} | ${calls} |`)];
}
