import { sleep, systemClock } from '../../../../operator/runtime/clock.ts';
import { PODS } from '../../kinds.ts';
import type { Kube } from '../../kube.ts';

const EVERY_MS = 500;

/**
 * Says again that pods on fake nodes are ready. The node controller takes that back when a fake node's heartbeat is late, as on a machine
 * that many runs share; a kubelet would say it again, kwok does not. Ends when the signal aborts.
 */
export async function keepPodsReady(kube: Kube, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const pods = await kube.list(PODS).catch(() => []);
    for (const pod of pods) {
      const { conditions } = pod.status;
      const holds = (type: string): boolean => conditions.some((condition) => condition.type === type && condition.status === 'True');
      if (pod.metadata.deletionTimestamp !== undefined || !holds('ContainersReady') || holds('Ready') || pod.status.phase !== 'Running') continue;
      const mended = conditions.map((condition) => (condition.type === 'Ready' ? { ...condition, status: 'True' } : condition));
      // Overtaken: the next look sees what became of it.
      await kube.client.patchStatus(PODS, pod, { ...pod.status, conditions: mended }, signal).catch(() => undefined);
    }
    await sleep(systemClock, EVERY_MS, signal).catch(() => undefined);
  }
}
