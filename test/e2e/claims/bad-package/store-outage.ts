import { sleep, systemClock } from '../../../../operator/runtime/clock.ts';
import { SYSTEM_NAMESPACE, type ClaimContext } from '../../context.ts';
import { DEPLOYMENTS } from '../../kinds.ts';
import { callsOf, failuresInWords } from '../../load/load.ts';
import { heldBack, recovery, RECOVERED_WITHIN_MS, type CaseResult } from './run-case.ts';
import type { Subject } from './subject.ts';
import { untilTold } from './told.ts';

const STORE = { namespace: SYSTEM_NAMESPACE, name: 'churnops-s3' } as const;
const AWAY_MS = { full: 180_000, short: 8000 } as const;
/** Name of the ChurnModel to which it happens. */
export const STORE_AWAY = 'store-away';

/** The store is dead for a while, and comes back. Nobody else may need it then. */
export async function storeOutage(context: ClaimContext, subject: Subject): Promise<CaseResult> {
  try {
    return await context.alone(async () => outlast(context, subject));
  } finally {
    await subject.stopLoad();
  }
}

async function outlast(context: ClaimContext, subject: Subject): Promise<CaseResult> {
  const { kube, check, progress, form, signal } = context;
  await subject.put(subject.files);
  const { spec: { replicas } } = await kube.get(DEPLOYMENTS, STORE);
  progress(`${STORE_AWAY}: the store goes away for ${AWAY_MS[form] / 1000} s`);
  const awayMs = Date.now();
  let told;
  try {
    await kube.client.patchScale(DEPLOYMENTS, STORE, 0, {}, signal);
    await subject.want();
    told = await untilTold(subject, { cause: 'StoreUnreachable', foundBy: 'Inspection' });
    check(`${STORE_AWAY}: status and event name cause and next try`, true, `${told.condition} Event: ${told.event}`);
    await heldBack(subject, told);
    await sleep(systemClock, Math.max(AWAY_MS[form] - (Date.now() - awayMs), 0), signal);
  } finally {
    await kube.client.patchScale(DEPLOYMENTS, STORE, replicas, {}, AbortSignal.timeout(30_000));
  }
  subject.mayTakeOver();
  const backMs = Date.now();
  progress(`${STORE_AWAY}: it is back after ${((backMs - awayMs) / 1000).toFixed(0)} s`);
  const recoveryMs = await recovery(subject, subject.version, backMs);
  const report = await subject.stopLoad();
  const early = callsOf(report, { phase: 'bad', version: subject.version });
  check(`${STORE_AWAY}: it recovers by itself, and ${subject.version} serves`, recoveryMs !== undefined, recoveryMs === undefined ? `not within ${RECOVERED_WITHIN_MS / 1000} s: ${(await subject.model()).status?.message}` : `${(recoveryMs / 1000).toFixed(1)} s after the store was back`);
  check(`${STORE_AWAY}: stable serves on, nobody is answered by the new package`, report.failed === 0 && early === 0, report.failed === 0 ? `${report.calls} calls, ${early} answered early` : failuresInWords(report));
  return { name: STORE_AWAY, cause: 'StoreUnreachable', condition: told.condition, recovered: recoveryMs !== undefined, recoveryMs: recoveryMs ?? Number.NaN, calls: report.calls, failed: report.failed, longestMs: report.maxMs };
}
