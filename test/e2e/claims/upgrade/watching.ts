import { sleep, systemClock } from '../../../../operator/runtime/clock.ts';
import { SYSTEM_NAMESPACE, type ClaimContext } from '../../context.ts';
import { MODELS } from '../../kinds.ts';
import { failuresInWords, type Load } from '../../load/load.ts';
import { servingDeployment, servingPods, type Place, type ServingPod } from './serving-state.ts';

/** The operator's Deployment. */
export const OPERATOR = { namespace: SYSTEM_NAMESPACE, name: 'churnops-operator' };
/** Longest wait for pods, on a machine that others use too. */
export const SOON_MS = 300_000;
const LOOK_EVERY_MS = 100;

/** Calls of one generator. */
export type Calls = Readonly<{ calls: number; failed: number }>;

/** Ends the calls: none may have failed. */
export async function judged({ check }: ClaimContext, when: string, load: Load): Promise<Calls> {
  const report = await load.stop();
  check(`no call failed ${when}, and every answer stayed the same`, report.failed === 0 && report.calls > 0, report.failed === 0 ? `${report.calls} calls, p99 ${report.p99Ms.toFixed(0)} ms` : `${report.failed} of ${report.calls}: ${failuresInWords(report)}`);
  return { calls: report.calls, failed: report.failed };
}

/** The operator that runs now looks after the model: it takes note of a change that no pod sees. */
export async function takesNote({ kube }: ClaimContext, place: Place): Promise<void> {
  const { metadata } = await kube.patch(MODELS, place, { spec: { rollout: { rollbackWindow: '12h' } } });
  await kube.until(MODELS, place, { what: `${place.name} is looked at`, deadlineMs: SOON_MS }, ({ status }) => status?.observedGeneration === metadata.generation);
}

/** The same of one that is seen: pods of that number are ready. */
export async function acts({ kube }: ClaimContext, place: Place, replicas: number): Promise<void> {
  await kube.patch(MODELS, place, { spec: { serving: { replicas } } });
  await kube.untilAny({ what: `${place.name} has ${replicas} ready pods`, deadlineMs: SOON_MS }, async () => servingPods(kube, place), (pods) => pods.length === replicas && pods.every(({ ready }) => ready));
}

/** Every pod of before is still there, and none of its containers was started again. */
export function samePods({ check }: ClaimContext, what: string, before: readonly ServingPod[], after: readonly ServingPod[]): void {
  const now = new Map(after.map((pod) => [pod.uid, pod]));
  const touched = before.filter(({ uid, restarts }) => now.get(uid)?.restarts !== restarts);
  check(`${what}: no serving pod is replaced or restarted`, before.length > 0 && touched.length === 0, touched.length === 0 ? `${before.length} pods by uid and restarts` : `touched: ${touched.map(({ name }) => name).join(', ')}`);
}

/** Follows the Deployment until it is asked: the fewest pods that were available. */
export function fewestAvailable({ kube, signal }: ClaimContext, place: Place): () => Promise<number> {
  let fewest = Number.POSITIVE_INFINITY;
  const asked = new AbortController();
  const following = (async () => {
    while (!asked.signal.aborted && !signal.aborted) {
      fewest = Math.min(fewest, (await servingDeployment(kube, place)).status.availableReplicas);
      await sleep(systemClock, LOOK_EVERY_MS, asked.signal).catch(() => {});
    }
  })();
  following.catch(() => {});
  return async () => {
    asked.abort();
    await following;
    return fewest;
  };
}

/** Waits until the operator's Deployment is as its spec says, and nothing of the one before is left. */
export async function untilRolledOut({ kube }: ClaimContext): Promise<void> {
  await kube.kubectl('--namespace', OPERATOR.namespace, 'rollout', 'status', `deployment/${OPERATOR.name}`, '--timeout=5m');
}
