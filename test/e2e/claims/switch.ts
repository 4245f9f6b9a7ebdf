import { shortHash, isCandidateHash } from '../../../contracts/digest.ts';
import { LABELS } from '../../../contracts/names.ts';
import type { Check } from '../claim.ts';
import type { ClaimContext, PlatformClaim } from '../context.ts';
import { DEPLOYMENTS, MODELS, PODS } from '../kinds.ts';
import { judgeAnswer } from '../load/answer-check.ts';
import { Caller } from '../load/caller.ts';
import { callsOf, failuresInWords, Load, wasOnSchedule } from '../load/load.ts';
import { CALL_TIMEOUT_MS, CONNECTIONS, type LoadReport, type SampleCall } from '../load/protocol.ts';
import { TOLERANCE, twoVersionSamples } from '../load/samples.ts';
import { churnModel, VERSIONS } from '../manifest.ts';
import { untilServing } from '../serving.ts';
import { PodWatcher, type SeenPods } from './serving-pods.ts';

const MODEL = 'switch';
const RATE_PER_SECOND = 200;
const KEPT_CONNECTIONS = 20;
const SAMPLES = 400;
const STARTED_WITHIN_MS = 180_000;
/** Inspection, pods, Service. */
const SWITCHED_WITHIN_MS = 120_000;
/** A minute of drain, then SIGTERM: 5 s of answering and at most 45 s in all. */
const EMPTIED_WITHIN_MS = 180_000;
/** New connections in a row that must reach the version before the next switch: a tenth of a second apart. */
const NEWCOMERS = 10;
const BOTH_ANSWER = { [VERSIONS.decent]: 'decent', [VERSIONS.better]: 'better' } as const;

/** How a switch comes: at once, in the middle of the drain of the one before, or after its pods are gone. */
type Pace = 'AtOnce' | 'MidDrain' | 'FromZero';
const MID_DRAIN_MS = 30_000;
const FULL: readonly Pace[] = ['FromZero', 'AtOnce', 'AtOnce', 'FromZero', 'MidDrain', 'AtOnce', 'AtOnce', 'FromZero', 'MidDrain', 'FromZero'];
/** A drain takes a minute: none is waited for. */
const SHORT: readonly Pace[] = ['FromZero', 'AtOnce', 'AtOnce'];

/** Callers do not notice that the version changes. */
export const versionSwitch: PlatformClaim = {
  name: 'switch',
  title: 'The version changes back and forth at 200 requests per second over kept-alive and fresh connections: no call fails, no pod restarts.',
  run: async (context) => {
    const { kube, progress, signal, form } = context;
    await kube.apply(churnModel({ name: MODEL }));
    const samples = await twoVersionSamples(SAMPLES, signal);
    const [sample] = samples;
    if (sample === undefined) throw new Error('there are no samples');
    await untilServing(kube, MODEL, { version: VERSIONS.decent, deadlineMs: STARTED_WITHIN_MS });
    const watcher = new PodWatcher(kube, MODEL);
    const url = `${await context.serviceUrl(MODEL)}/v1/models/${MODEL}:predict`;
    const load = Load.start({ url, ratePerSecond: RATE_PER_SECOND, keptConnections: KEPT_CONNECTIONS, timeoutMs: CALL_TIMEOUT_MS, tolerance: TOLERANCE, versions: BOTH_ANSWER, samples: [...samples], phase: 'before' });
    const newcomer = newcomerOf(url, sample);
    const paces = form === 'full' ? FULL : SHORT;
    const tookMs: number[] = [];
    try {
      for (const [index, pace] of paces.entries()) {
        const version = versionOf(index);
        progress(`switch ${index + 1} of ${paces.length} to ${version}, ${inWords(pace)}`);
        await beReady(context, pace);
        load.phase(phaseOf(index, pace), BOTH_ANSWER);
        tookMs.push(await switchTo(context, version, newcomer));
      }
      if (form === 'full') {
        progress('the last one before drains');
        await untilEmptied(context);
      }
    } catch (error) {
      progress(`failed calls until now: ${failuresInWords(await load.stop())}`);
      throw error;
    }
    const report = await load.stop();
    const pods = await watcher.stop();
    return outcome(context, report, pods, paces.map((pace, index) => ({ pace, phase: phaseOf(index, pace), version: versionOf(index), tookMs: tookMs[index] ?? Number.NaN })));
  },
};

/** Kept-alive connections stay with the pods they have until these drain, which the short form does not wait for. */
const REACH: Readonly<Record<ClaimContext['form'], Readonly<{ name: string; excused: (version: string, connection: string) => boolean }>>> = {
  full: { name: 'both kinds of connection saw both versions', excused: () => false },
  short: { name: 'new connections saw both versions, kept-alive ones the one they began with', excused: (version, connection) => version === VERSIONS.better && connection === 'Kept' },
};

type Switched = Readonly<{ pace: Pace; phase: string; version: string; tookMs: number }>;

function outcome({ check, form }: ClaimContext, report: LoadReport, pods: SeenPods, switches: readonly Switched[]) {
  const seen = Object.keys(BOTH_ANSWER).flatMap((version) => CONNECTIONS.map((connection) => ({ version, connection, calls: callsOf(report, { version, connection }) })));
  const unreached = switches.filter(({ phase, version }) => callsOf(report, { phase, version, connection: 'Fresh' }) === 0).map(({ phase }) => phase);
  const schedule = wasOnSchedule(report, RATE_PER_SECOND);
  const reach = REACH[form];
  const checks: Check[] = [
    check('no call failed, and every answer was right for its version', report.failed === 0, report.failed === 0 ? `${report.calls} calls` : `${report.failed} of ${report.calls}: ${failuresInWords(report)}`),
    check('no serving pod restarted', pods.restarts === 0, `${pods.restarts} restarts of ${pods.pods} pods ${pods.restarted.join(' ')}`.trim()),
    check('every switch reached callers', unreached.length === 0, unreached.length === 0 ? `${switches.length} switches` : unreached.join(', ')),
    check(reach.name, seen.every(({ calls, version, connection }) => calls > 0 || reach.excused(version, connection)), seen.map(({ version, connection, calls }) => `${version} ${connection} ${calls}`).join(', ')),
    check('the schedule was kept', schedule.kept, schedule.figures),
  ];
  const times = `p50 ${report.p50Ms.toFixed(1)} ms, p99 ${report.p99Ms.toFixed(1)} ms`;
  return {
    checks,
    figure: `${switches.length} switches: ${report.calls} calls, ${report.failed} failed, ${pods.restarts} restarts, ${times}`,
    evidence: [
      `${RATE_PER_SECOND} calls a second on a fixed schedule for ${(report.tookMs / 1000).toFixed(0)} s, half over ${KEPT_CONNECTIONS} kept-alive connections, half over a connection each; times from the instant a call was due; a call fails after ${CALL_TIMEOUT_MS} ms; none is tried again. Longest call: ${report.maxMs.toFixed(0)} ms.`,
      '',
      '| switch | to | pace | from the change of the spec to the first new connection, s | calls until the next | by the new version |',
      '| --- | --- | --- | --- | --- | --- |',
      ...switches.map(({ pace, phase, version, tookMs }, index) => `| ${index + 1} | ${version} | ${inWords(pace)} | ${(tookMs / 1000).toFixed(1)} | ${callsOf(report, { phase })} | ${callsOf(report, { phase, version })} |`),
      '',
      '| version | connections | calls |',
      '| --- | --- | --- |',
      ...seen.map(({ version, connection, calls }) => `| ${version} | ${connection} | ${calls} |`),
    ].join('\n'),
  };
}

function versionOf(index: number): string {
  return index % 2 === 0 ? VERSIONS.better : VERSIONS.decent;
}

function phaseOf(index: number, pace: Pace): string {
  return `${index + 1} ${pace}`;
}

function inWords(pace: Pace): string {
  switch (pace) {
    case 'AtOnce':
      return 'at once';
    case 'MidDrain':
      return 'in the middle of a drain';
    case 'FromZero':
      return 'from zero pods';
  }
}

async function beReady(context: ClaimContext, pace: Pace): Promise<void> {
  switch (pace) {
    case 'AtOnce':
      return;
    case 'MidDrain':
      return untilDrainedFor(context, MID_DRAIN_MS);
    case 'FromZero':
      return untilEmptied(context);
  }
}

/** Changes the version and waits until callers have gone over: the status says so, and whoever connects now reaches it. How long that took, in milliseconds. */
async function switchTo({ kube }: ClaimContext, version: string, newcomer: () => Promise<string>): Promise<number> {
  const startedMs = Date.now();
  await kube.patch(MODELS, MODEL, { spec: { model: { version } } });
  await kube.until(MODELS, MODEL, { what: `callers go to ${version}`, deadlineMs: SWITCHED_WITHIN_MS }, ({ status }) => status?.stable?.version === version && status.candidate === undefined);
  const reachedMs: number[] = [];
  await kube.untilAny({ what: `new connections reach ${version}`, deadlineMs: SWITCHED_WITHIN_MS }, newcomer, (answered) => {
    if (answered === version) reachedMs.push(Date.now());
    else reachedMs.length = 0;
    return reachedMs.length === NEWCOMERS;
  });
  return (reachedMs[0] ?? Number.NaN) - startedMs;
}

/** Which version answers a connection made now; what is wrong where none does. */
function newcomerOf(url: string, sample: SampleCall): () => Promise<string> {
  const caller = new Caller({ url, keptConnections: 1, timeoutMs: CALL_TIMEOUT_MS });
  return async () => {
    const outcome = await caller.call('Fresh', sample.body);
    if ('error' in outcome) return outcome.error;
    const judged = judgeAnswer(outcome.status, outcome.text, sample, { versions: BOTH_ANSWER, tolerance: TOLERANCE });
    return judged.right ? judged.version : judged.error;
  };
}

/** Waits until the version before has been left for a while. */
async function untilDrainedFor({ kube }: ClaimContext, ms: number): Promise<void> {
  await kube.until(MODELS, MODEL, { what: 'the drain goes on', deadlineMs: EMPTIED_WITHIN_MS }, ({ status }) => status?.previous === undefined || Date.now() - Date.parse(status.previous.replacedAt) >= ms);
}

/** Waits until no pod is left but those of the stable version. */
async function untilEmptied({ kube }: ClaimContext): Promise<void> {
  const { status } = await kube.get(MODELS, MODEL);
  const hash = status?.stable?.hash ?? '';
  if (!isCandidateHash(hash)) throw new Error(`${MODEL} has no stable version`);
  const others = `${LABELS.model}=${MODEL},${LABELS.component}=serving,${LABELS.hash}!=${shortHash(hash)}`;
  await kube.untilAny({ what: 'the version before has no pod left', deadlineMs: EMPTIED_WITHIN_MS }, async () => [...(await kube.list(PODS, { labelSelector: others })), ...(await sized(kube, others))], (left) => left.length === 0);
}

async function sized(kube: ClaimContext['kube'], labelSelector: string) {
  return (await kube.list(DEPLOYMENTS, { labelSelector })).filter((deployment) => deployment.spec.replicas > 0);
}
