import { LABELS } from '../../contracts/names.ts';
import { SYSTEM_NAMESPACE, type ClaimContext } from './context.ts';
import { PODS, type Pod } from './kinds.ts';
import { command, output } from './command.ts';
import { readFile } from 'node:fs/promises';

/** A container of a running pod. */
export type ContainerRef = Readonly<{ namespace: string; pod: string; container: string }>;

/** The process of a running container, on this machine: our cluster's node is a network namespace of it. */
export async function processOf({ namespace, pod, container }: ContainerRef, signal: AbortSignal): Promise<number> {
  return Number(await output('hack/cluster', ['pid', namespace, pod, container], { signal }));
}

/** kill -9 of a container's process; the kubelet starts another one. No pod is deleted. */
export async function killContainer(ref: ContainerRef, signal: AbortSignal): Promise<void> {
  process.kill(await processOf(ref, signal), 'SIGKILL');
}

/** Memory of a process: resident now, and the most there ever was; bytes. */
export async function memoryOf(pid: number): Promise<Readonly<{ residentBytes: number; peakBytes: number }>> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const bytes = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? Number.NaN) * 1024;
  return { residentBytes: bytes('VmRSS'), peakBytes: bytes('VmHWM') };
}

/** Stops and starts a component of the cluster (`apiserver`, `etcd`, ...). Gives how long that took, milliseconds. */
export async function restartComponent(component: string, signal: AbortSignal): Promise<number> {
  const { exitCode, stderr, tookMs } = await command('hack/cluster', ['restart', component], { signal });
  if (exitCode !== 0) throw new Error(`hack/cluster restart ${component}: ${stderr}`);
  return tookMs;
}

/** The operator's pods that run, oldest first. */
export async function operatorPods({ kube }: Pick<ClaimContext, 'kube'>): Promise<readonly Pod[]> {
  const pods = await kube.list(PODS, { namespace: SYSTEM_NAMESPACE, labelSelector: `${LABELS.component}=operator` });
  return pods
    .filter(({ metadata, status }) => metadata.deletionTimestamp === undefined && status.phase === 'Running')
    .toSorted((a, b) => (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? ''));
}

/** The container of an operator pod. */
export function operatorContainer(pod: Pod): ContainerRef {
  return { namespace: SYSTEM_NAMESPACE, pod: pod.metadata.name, container: 'operator' };
}
