import { isCandidateHash, shortHash } from '../../../../contracts/digest.ts';
import { LABELS } from '../../../../contracts/names.ts';
import type { Check } from '../../claim.ts';
import type { ClaimContext } from '../../context.ts';
import { CHURN_MODELS, MODELS, PODS } from '../../kinds.ts';
import { callsOf, failuresInWords } from '../../load/load.ts';
import type { SampleCall } from '../../load/protocol.ts';
import { VERSIONS } from '../../manifest.ts';
import { untilServing } from '../../serving.ts';
import type { BadCase } from './cases.ts';
import { Subject } from './subject.ts';
import { nextTryMs, untilTold, type Told } from './told.ts';

/** The longest back-off, of operator and kubelet, and the rollout after it. */
export const RECOVERED_WITHIN_MS = 300_000 + 60_000;

/** What became of one case. */
export type CaseResult = Readonly<{ name: string; cause: string; condition: string; recovered: boolean; recoveryMs: number; calls: number; failed: number; longestMs: number }>;

/** Spoils, looks, puts right, waits, on a model of its own. */
export async function runCase(context: ClaimContext, bad: BadCase, samples: readonly SampleCall[]): Promise<CaseResult> {
  const subject = await Subject.start(context, bad.name, samples);
  try {
    return await spoilAndPutRight(context, bad, subject);
  } finally {
    await subject.stopLoad();
  }
}

async function spoilAndPutRight(context: ClaimContext, bad: BadCase, subject: Subject): Promise<CaseResult> {
  const { kube, check, progress, form } = context;
  progress(`${bad.name}: spoilt`);
  await bad.spoil(subject);
  const told = await untilTold(subject, bad);
  check(`${bad.name}: status and event name cause and next try`, true, `${told.condition} Event: ${told.event}`);
  await heldBack(subject, told);
  if (form === 'full' && bad.foundBy === 'Inspection') await untilSecondTry(subject, bad, told);

  const target = bad.foundBy === 'Verdict' ? VERSIONS.decent : subject.version;
  subject.mayTakeOver();
  await bad.putRight(subject);
  const rightMs = Date.now();
  progress(`${bad.name}: put right`);
  const recoveryMs = await recovery(subject, target, rightMs);
  const report = await subject.stopLoad();
  const early = callsOf(report, { phase: 'bad', version: subject.version });
  check(`${bad.name}: it recovers by itself, and ${target} serves`, recoveryMs !== undefined, recoveryMs === undefined ? `not within ${RECOVERED_WITHIN_MS / 1000} s: ${(await subject.model()).status?.message}` : `${(recoveryMs / 1000).toFixed(1)} s after the cause was gone`);
  check(`${bad.name}: stable serves on, nobody is answered by the bad package`, report.failed === 0 && early === 0, report.failed === 0 ? `${report.calls} calls, ${early} answered early` : failuresInWords(report));
  await kube.delete(CHURN_MODELS, bad.name);
  await bad.cleanUp?.(subject);
  return { name: bad.name, cause: bad.cause, condition: told.condition, recovered: recoveryMs !== undefined, recoveryMs: recoveryMs ?? Number.NaN, calls: report.calls, failed: report.failed, longestMs: report.maxMs };
}

/** Waits until the version serves; how long that took since the given instant, undefined where it did not come. */
export async function recovery(subject: Subject, version: string, sinceMs: number): Promise<number | undefined> {
  try {
    await untilServing(subject.context.kube, subject.name, { version, deadlineMs: RECOVERED_WITHIN_MS });
    return Date.now() - sinceMs;
  } catch (error) {
    subject.context.progress(`${subject.name}: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

/** The Service selects stable pods, and no pod but those. */
export async function heldBack(subject: Subject, told: Told): Promise<Check> {
  const { kube, check } = subject.context;
  const stable = told.model.status?.stable;
  const hash = stable?.hash ?? '';
  const selected = await subject.selected();
  const pods = await kube.list(PODS, { labelSelector: `${LABELS.model}=${subject.name},${LABELS.hash}=${selected ?? ''}` });
  const ready = pods.filter((pod) => pod.status.conditions.some(({ type, status }) => type === 'Ready' && status === 'True')).length;
  const isRight = stable?.version === VERSIONS.decent && isCandidateHash(hash) && selected === shortHash(hash) && ready > 0;
  return check(`${subject.name}: the Service selects the stable version`, isRight, `it selects ${selected}, stable is ${stable?.version} ${hash.slice(0, 8)} with ${ready} ready pods`);
}

/** The next try comes when it was said to, and is told with a later one. */
async function untilSecondTry(subject: Subject, bad: BadCase, first: Told): Promise<void> {
  const { kube, check } = subject.context;
  const announcedMs = nextTryMs(first) ?? Number.NaN;
  const model = await kube.until(MODELS, subject.name, { what: `second try of ${subject.name}`, deadlineMs: 120_000 }, ({ status }) => (status?.candidate?.inspection?.attempt ?? 1) >= 2 && status?.candidate?.inspection?.nextTryAt !== undefined);
  const { inspection } = model.status?.candidate ?? {};
  const waitMs = Date.parse(inspection?.nextTryAt ?? '') - Date.parse(inspection?.finishedAt ?? '');
  const came = Date.parse(inspection?.finishedAt ?? '') >= announcedMs;
  check(`${bad.name}: the next try comes as announced, and waits twice as long`, came && waitMs >= 19_000, `announced for ${new Date(announcedMs).toISOString()}, ended ${inspection?.finishedAt}, then ${inspection?.nextTryAt}`);
}
