import { randomUUID } from 'node:crypto';
import { connect } from '../../operator/runtime/connection.ts';
import type { Check, Claim, Form } from './claim.ts';
import { output } from './command.ts';
import { ADDRESSED_PODS, ADDRESSED_SERVICES, NAMESPACES, SECRETS } from './kinds.ts';
import { Kube } from './kube.ts';
import { STORAGE } from './manifest.ts';
import type { Alone } from './places.ts';
import { Store } from './store.ts';

/** What every claim gets. */
export type ClaimBasics = Readonly<{
  form: Form;
  /** Also run hack/test where the claim measures time from nothing. */
  withTests: boolean;
  signal: AbortSignal;
  /** Tells the person at the screen what happens, with the time since the claim began. */
  progress: (text: string) => void;
  /** Work that nobody needs to wait for, to remove what the claim made: it runs on while the next claim does, and its failure fails the run. */
  afterwards: (work: Promise<void>) => void;
  /** Does what others may not be beside (the store goes away), once they are through. */
  alone: Alone;
  /** Records one thing that was looked at and shows it at once; it need not be in the outcome's `checks` again. */
  check: (name: string, passed: boolean, detail: string) => Check;
}>;

/** What a claim on the running platform works with. The namespace is its own, and goes with everything in it when the claim ends. */
export type ClaimContext = ClaimBasics &
  Readonly<{
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

/** A claim about the running platform. */
export type PlatformClaim = Claim<ClaimContext>;
/** A claim that the runner can run. */
export type RunnableClaim = Claim<ClaimBasics>;

/** Gives a claim its namespace and prefix, and takes both back, whatever happens. */
export function onPlatform(claim: PlatformClaim): RunnableClaim {
  return {
    ...claim,
    run: async (basics) => {
      const { context, close } = await openContext(claim.name, basics);
      try {
        return await claim.run(context);
      } finally {
        const gone = await close();
        // In full nothing may run beside the next claim.
        if (basics.form === 'full') await gone();
        else basics.afterwards(gone());
      }
    },
  };
}

/** Where the chart lives. */
export const SYSTEM_NAMESPACE = 'churnops';

/**
 * Opens the context of one claim. Needs the platform up: hack/prove sees to it. `close` removes what it made, and is done when it needs the
 * store no more, which the next claim may take away; what it gives waits until all is gone.
 */
async function openContext(claim: string, basics: ClaimBasics): Promise<{ context: ClaimContext; close: () => Promise<() => Promise<void>> }> {
  const { signal } = basics;
  const namespace = `claim-${claim}-${randomUUID().slice(0, 6)}`;
  const connection = connect({ kubeconfig: await output('hack/cluster', ['kubeconfig'], { signal }), version: 'e2e' });
  // Closing must work after the signal has fired, too.
  const kube = new Kube({ transport: connection, namespace, signal });
  const closing = new Kube({ transport: connection, namespace, signal: AbortSignal.timeout(24 * 3_600_000) });

  // Only pods of the `restricted` standard may run: ours are.
  await kube.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } });
  const secret = await storeSecret(kube);
  const copy = { apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name: STORAGE.secret }, data: secret.data };
  await kube.client.create(SECRETS, copy, signal);

  const prefix = `e2e/${namespace}`;
  const store = await openStore(kube, signal);

  const context: ClaimContext = {
    ...basics,
    namespace,
    kube,
    store,
    prefix,
    serviceUrl: async (model) => address(kube, { namespace, name: model }),
    controlUrl: async (pod) => {
      const { status } = await kube.get(ADDRESSED_PODS, pod);
      if (status.podIP === undefined) throw new Error(`pod ${pod} has no address yet`);
      return `http://${status.podIP}:9090`;
    },
  };
  const close = async (): Promise<() => Promise<void>> => {
    store.close();
    await closing.delete(NAMESPACES, namespace);
    // Opened anew: a claim that installs the release again gives the store another address.
    const cleaner = await openStore(closing, AbortSignal.timeout(60_000));
    await cleaner.deleteAll(`${prefix}/`);
    cleaner.close();
    return async () => {
      await closing.untilAny(
        { what: `namespace ${namespace} gone`, deadlineMs: 300_000, everyMs: 500 },
        async () => closing.find(NAMESPACES, namespace),
        (left) => left === undefined,
      );
      await connection.close();
    };
  };
  return { context, close };
}

async function address(kube: Kube, ref: Readonly<{ namespace: string; name: string }>): Promise<string> {
  const { spec } = await kube.get(ADDRESSED_SERVICES, ref);
  return `http://${spec.clusterIP}:${spec.ports[0]?.port ?? 80}`;
}

async function storeSecret(kube: Kube) {
  return kube.get(SECRETS, { namespace: SYSTEM_NAMESPACE, name: STORAGE.secret });
}

async function openStore(kube: Kube, signal: AbortSignal): Promise<Store> {
  const { data } = await storeSecret(kube);
  return new Store({ endpoint: await address(kube, { namespace: SYSTEM_NAMESPACE, name: 's3' }), bucket: STORAGE.bucket, ...keysOf(data), signal });
}

function keysOf(data: Readonly<Record<string, string>>): { accessKeyId: string; secretAccessKey: string } {
  const decoded = (key: string): string => Buffer.from(data[key] ?? '', 'base64').toString('utf8');
  return { accessKeyId: decoded('AWS_ACCESS_KEY_ID'), secretAccessKey: decoded('AWS_SECRET_ACCESS_KEY') };
}
