import { randomUUID } from 'node:crypto';
import { connect } from '../../operator/runtime/connection.ts';
import type { Claim, Form } from './claim.ts';
import { output } from './command.ts';
import { ADDRESSED_PODS, ADDRESSED_SERVICES, NAMESPACES, SECRETS } from './kinds.ts';
import { Kube } from './kube.ts';
import { STORAGE } from './manifest.ts';
import { Store } from './store.ts';

/** What a claim works with. The namespace is its own, and goes with everything in it when the claim ends. */
export type ClaimContext = Readonly<{
  form: Form;
  signal: AbortSignal;
  /** Tells the person at the screen what happens, with the time since the claim began. */
  progress: (text: string) => void;
  namespace: string;
  kube: Kube;
  store: Store;
  /** A prefix of the bucket for this claim alone, without a slash at its end; emptied when the claim ends. */
  prefix: string;
  /** `http://address:port` of the model's Service, reachable from this machine: through the Service, as callers come. */
  serviceUrl: (model: string) => Promise<string>;
  /** `http://address:9090` of a pod: health, metrics, control. */
  controlUrl: (pod: string) => Promise<string>;
}>;

/** A claim of this project. */
export type PlatformClaim = Claim<ClaimContext>;

export type OpenContext = Readonly<{ context: ClaimContext; close: () => Promise<void> }>;

/** Where the chart lives. */
export const SYSTEM_NAMESPACE = 'churnops';

/** Opens the context of one claim; `close` removes what it made. Needs the platform up: hack/prove sees to it. */
export async function openContext(input: Readonly<{ claim: string; form: Form; signal: AbortSignal; progress: (text: string) => void }>): Promise<OpenContext> {
  const { claim, form, signal, progress } = input;
  const namespace = `claim-${claim}-${randomUUID().slice(0, 6)}`;
  const connection = connect({ kubeconfig: await output('hack/cluster', ['kubeconfig'], { signal }), version: 'e2e' });
  // Closing must work after the signal has fired, too.
  const kube = new Kube({ transport: connection, namespace, signal });
  const closing = new Kube({ transport: connection, namespace, signal: AbortSignal.timeout(24 * 3_600_000) });

  // Only pods of the `restricted` standard may run: ours are.
  await kube.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } });
  const secret = await kube.get(SECRETS, { namespace: SYSTEM_NAMESPACE, name: STORAGE.secret });
  const copy = { apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name: STORAGE.secret }, data: secret.data };
  await kube.client.create(SECRETS, copy, signal);

  const address = async (ref: Readonly<{ namespace: string; name: string }>): Promise<string> => {
    const { spec } = await kube.get(ADDRESSED_SERVICES, ref);
    return `http://${spec.clusterIP}:${spec.ports[0]?.port ?? 80}`;
  };
  const prefix = `e2e/${namespace}`;
  const storeInput = { endpoint: await address({ namespace: SYSTEM_NAMESPACE, name: 's3' }), bucket: STORAGE.bucket, ...keysOf(secret.data) };
  const store = new Store({ ...storeInput, signal });

  const context: ClaimContext = {
    form,
    signal,
    progress,
    namespace,
    kube,
    store,
    prefix,
    serviceUrl: async (model) => address({ namespace, name: model }),
    controlUrl: async (pod) => {
      const { status } = await kube.get(ADDRESSED_PODS, pod);
      if (status.podIP === undefined) throw new Error(`pod ${pod} has no address yet`);
      return `http://${status.podIP}:9090`;
    },
  };
  const close = async (): Promise<void> => {
    store.close();
    await closing.delete(NAMESPACES, namespace);
    const cleaner = new Store({ ...storeInput, signal: AbortSignal.timeout(60_000) });
    await cleaner.deleteAll(`${prefix}/`);
    cleaner.close();
    await closing.untilAny(
      { what: `namespace ${namespace} gone`, deadlineMs: 180_000 },
      async () => closing.find(NAMESPACES, namespace),
      (left) => left === undefined,
    );
    await connection.close();
  };
  return { context, close };
}

function keysOf(data: Readonly<Record<string, string>>): { accessKeyId: string; secretAccessKey: string } {
  const decoded = (key: string): string => Buffer.from(data[key] ?? '', 'base64').toString('utf8');
  return { accessKeyId: decoded('AWS_ACCESS_KEY_ID'), secretAccessKey: decoded('AWS_SECRET_ACCESS_KEY') };
}
