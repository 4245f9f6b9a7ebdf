import type { Random } from '../../../../operator/runtime/clock.ts';
import { sleep, systemClock } from '../../../../operator/runtime/clock.ts';
import { SYSTEM_NAMESPACE } from '../../context.ts';
import { output } from '../../command.ts';
import { killContainer, operatorContainer, operatorPods, restartComponent } from '../../faults.ts';
import { DEPLOYMENTS, LEASES, PODS, type Pod } from '../../kinds.ts';
import type { Scene } from './scene.ts';

/** Something that happens while callers call. */
export type Disturbance = Readonly<{
  name: string;
  /** Callers may try once more, after this pause, where the connection broke. */
  retryAfterMs?: number;
  /** Does it, and waits until all is well again. Gives what was done, for people. */
  run: (scene: Scene, random: Random) => Promise<string>;
}>;

/** A version change takes about this long: an instant within it is a moment at which something can be half done. */
const CHANGE_TAKES_MS = 8000;
const KILLS = { full: 5, short: 1 } as const;
const OPERATOR = { namespace: SYSTEM_NAMESPACE, name: 'churnops-operator' } as const;

export const versionChange: Disturbance = {
  name: 'version change',
  run: async (scene) => {
    const version = await scene.changeVersion();
    await scene.settled();
    return `to ${version}`;
  },
};

/** Every pod, or the first one, in short form. */
export const eviction: Disturbance = {
  name: 'eviction',
  run: async (scene) => {
    const { kube, form } = scene.context;
    const all = await scene.servingPods();
    const pods = form === 'full' ? all : all.slice(0, 1);
    if (pods.length === 0) throw new Error('there is no serving pod to evict');
    for (const { metadata } of pods) {
      await kube.untilAny({ what: `${metadata.name} may be evicted`, deadlineMs: 60_000 }, async () => kube.evict(metadata.name), (evicted) => evicted);
      await kube.untilAny({ what: `${metadata.name} is gone`, deadlineMs: 90_000 }, async () => kube.find(PODS, metadata.name), (pod) => pod === undefined);
      await scene.settled();
    }
    return `${pods.length} pods, one after the other, through the Eviction API`;
  },
};

export const operatorKilled: Disturbance = {
  name: 'operator killed -9',
  run: async (scene, random) => {
    const { signal, form } = scene.context;
    const moments: string[] = [];
    for (let kill = 0; kill < KILLS[form]; kill += 1) {
      const afterMs = Math.floor(random() * CHANGE_TAKES_MS);
      await scene.changeVersion();
      await sleep(systemClock, afterMs, signal);
      await killed(scene, async () => (await leaderOf(scene))?.pod ?? (await runningOperators(scene))[0]);
      moments.push(`${(afterMs / 1000).toFixed(1)} s`);
      await scene.settled();
    }
    return `${moments.join(', ')} after a change of the version`;
  },
};

/** Pods of the operator whose process runs: one that was killed before may wait for its next start, and there is nothing to kill. */
async function runningOperators({ context: { kube } }: Scene): Promise<readonly Pod[]> {
  return (await operatorPods({ kube })).filter((pod) => pod.status.containerStatuses.some(({ name, state }) => name === 'operator' && state.running !== undefined));
}

/** kill -9 of the process of an operator, once there is one: its status tells of it later than it starts and ends. */
async function killed(scene: Scene, choose: () => Promise<Pod | undefined>): Promise<void> {
  const { kube, signal } = scene.context;
  const kill = async (): Promise<boolean> => {
    const pod = await choose();
    return pod !== undefined && killContainer(operatorContainer(pod), signal).then(() => true, () => false);
  };
  await kube.untilAny({ what: 'an operator is killed', deadlineMs: 180_000 }, kill, (done) => done);
}

type Leader = Readonly<{ pod: Pod; identity: string }>;

/** The pod of the operator that holds a Lease, and the identity of its process. */
async function leaderOf(scene: Scene): Promise<Leader | undefined> {
  const identities = (await scene.context.kube.list(LEASES, { namespace: SYSTEM_NAMESPACE })).map(({ spec }) => spec.holderIdentity ?? '');
  for (const pod of await runningOperators(scene)) {
    const identity = identities.find((holder) => holder.startsWith(pod.metadata.name));
    if (identity !== undefined) return { pod, identity };
  }
  return undefined;
}

export const leaderChange: Disturbance = {
  name: 'leader change',
  run: async (scene) => {
    const { kube, signal } = scene.context;
    const { spec } = await kube.get(DEPLOYMENTS, OPERATOR);
    if (spec.replicas < 2) await kube.client.patchScale(DEPLOYMENTS, OPERATOR, 2, {}, signal);
    try {
      await kube.untilAny({ what: 'two operators, one of them leads', deadlineMs: 180_000 }, async () => ((await leaderOf(scene)) === undefined ? 0 : (await runningOperators(scene)).length), (count) => count >= 2);
      const took: string[] = [];
      // In the middle of a change: the next leader goes on with it.
      for (const how of ['crashes', 'is deleted'] as const) {
        const leader = await leaderOf(scene);
        if (leader === undefined) throw new Error('nobody leads');
        await scene.changeVersion();
        const startedMs = Date.now();
        if (how === 'crashes') await killed(scene, async () => leader.pod);
        else await kube.delete(PODS, { namespace: SYSTEM_NAMESPACE, name: leader.pod.metadata.name });
        await kube.untilAny({ what: 'another operator leads', deadlineMs: 60_000 }, async () => leaderOf(scene), (now) => now !== undefined && now.identity !== leader.identity);
        took.push(`it ${how}: somebody leads after ${((Date.now() - startedMs) / 1000).toFixed(1)} s`);
        await scene.settled();
      }
      return `${took.join('; ')}; each in the middle of a version change`;
    } finally {
      if (spec.replicas < 2) await kube.client.patchScale(DEPLOYMENTS, OPERATOR, spec.replicas, {}, AbortSignal.timeout(30_000));
    }
  },
};

function restarted(component: 'apiserver' | 'etcd', name: string): Disturbance {
  return {
    name,
    run: async (scene) => {
      await scene.changeVersion();
      const tookMs = await restartComponent(component, scene.context.signal);
      await scene.settled();
      return `away for ${(tookMs / 1000).toFixed(1)} s at most, right after a change of the version`;
    },
  };
}
export const apiServerRestarted = restarted('apiserver', 'API server restarted');
export const etcdRestarted = restarted('etcd', 'etcd restarted');

/** Each log level is part of a pod template: this rolls operator and all pods. */
export const chartUpgraded: Disturbance = {
  name: 'chart upgraded',
  run: async (scene) => {
    const { kube, signal } = scene.context;
    const helm = async (...args: readonly string[]) => output('hack/cluster', ['helm', ...args, '--namespace', SYSTEM_NAMESPACE, '--wait', '--timeout', '3m'], { signal });
    const names = async () => new Set((await scene.servingPods()).map(({ metadata }) => metadata.name));
    const replaced = async (before: ReadonlySet<string>): Promise<void> => {
      await kube.untilAny({ what: 'every serving pod is a new one', deadlineMs: 120_000 }, names, (now) => now.size > 0 && [...now].every((name) => !before.has(name)));
      await scene.settled();
    };
    const before = await names();
    await helm('upgrade', 'churnops', 'charts/churnops', '--reuse-values', '--set', 'operator.logLevel=debug,models.logLevel=debug');
    let upgraded: ReadonlySet<string> = new Set();
    try {
      await replaced(before);
      upgraded = await names();
    } finally {
      await helm('rollback', 'churnops');
    }
    // The model is settled until the operator of before looks at it: the second roll belongs to this phase, too.
    await replaced(upgraded);
    return 'helm upgrade to other log levels, which are part of operator and serving pods: all are replaced; then helm rollback';
  },
};

/** Until nobody is sent to a dead process any more. */
const NEXT_DEATH_AFTER_MS = 3000;

/** Kills the process, not the pod: nothing is drained, nobody is told. */
export function servingKilled(retryAfterMs: number): Disturbance {
  return {
    name: 'serving pods killed -9',
    retryAfterMs,
    run: async (scene) => {
      const { kube, signal, namespace } = scene.context;
      const pods = await scene.servingPods();
      for (const { metadata } of pods) {
        await killContainer({ namespace, pod: metadata.name, container: 'serve' }, signal);
        await kube.until(PODS, metadata.name, { what: `${metadata.name} is back`, deadlineMs: 120_000 }, ({ status }) => status.containerStatuses.some(({ name, ready, restartCount }) => name === 'serve' && ready && restartCount > 0));
        await scene.settled();
        // One death at a time: a call that met this one must not try again in the middle of the next.
        await sleep(systemClock, retryAfterMs + NEXT_DEATH_AFTER_MS, signal);
      }
      return `the process of each of ${pods.length} pods, one after the other`;
    },
  };
}
