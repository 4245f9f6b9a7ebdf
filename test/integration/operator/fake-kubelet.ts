import { z } from 'zod';
import { EvaluationRequest } from '../../../contracts/evaluation-request.ts';
import { LABELS } from '../../../contracts/names.ts';
import { candidateHash, packageDigest } from '../../../contracts/digest.ts';
import { StoredObject, type KubeObject } from '../../../operator/runtime/kube-object.ts';
import type { ResourceKind } from '../../../operator/runtime/resource-kind.ts';
import type { Cluster } from './runtime/cluster.ts';

const Variable = z.looseObject({ name: z.string(), value: z.string().optional() });
const Pod = StoredObject.extend({
  spec: z.looseObject({ containers: z.array(z.looseObject({ name: z.string(), env: z.array(Variable).default([]) })) }),
  status: z.looseObject({ phase: z.string().optional(), podIP: z.string().optional() }).optional(),
});
export type KubeletPod = z.infer<typeof Pod>;
export const WHOLE_PODS: ResourceKind<KubeletPod> = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true, schema: Pod };

/** What an inspection finds out about a version: every name has digests of its own. */
export function inspected(version: string) {
  const digest = packageDigest({ version });
  return { version, packageDigest: digest, candidateHash: candidateHash(digest, 'customerID') };
}

function inspectionReport(version: string): object {
  return { schemaVersion: 1, kind: 'InspectionReport', verdict: 'Pass', reason: 'Inspected', message: 'as it is', ...inspected(version), entityColumn: 'customerID', testAUC: { value: 0.84, lower: 0.82, upper: 0.86 }, finishedAt: new Date().toISOString(), report: null };
}

function evaluationReport(request: EvaluationRequest): object {
  const auc = { value: 0.83, lower: 0.76, upper: 0.89, variance: 0.001 };
  return {
    schemaVersion: 1, kind: 'EvaluationReport', candidateHash: request.candidate.hash, verdict: 'Inconclusive', reason: 'AUCNotProven', message: 'AUC 0.83, at least 0.76.',
    candidate: { rows: 300, positives: 80, negatives: 220, auc }, missing: { positives: 0, negatives: 0, labels: 900 }, finishedAt: new Date().toISOString(), report: { path: 's3://churn/x-gate.json', sha256: 'ab'.repeat(32) },
  };
}

/**
 * What a kubelet would say of a model's pods, which no node ever takes: serving ones become ready, Jobs end with a report. The API server's own
 * controllers do the rest.
 */
export class FakeKubelet {
  readonly #cluster: Cluster;
  #addresses = 0;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Pods of the namespace as they are. */
  async pods(): Promise<readonly KubeletPod[]> {
    const { client, namespace, signal } = this.#cluster;
    return (await client.list(WHOLE_PODS, { namespace, labelSelector: LABELS.model }, signal)).items;
  }

  /** Looks after every pod that nobody has looked after yet. */
  async look(): Promise<void> {
    for (const pod of await this.pods()) {
      if (pod.metadata.deletionTimestamp !== undefined || pod.status?.podIP !== undefined) continue;
      this.#addresses += 1;
      await this.#say(pod, { ...this.#statusOf(pod), podIP: `10.99.0.${this.#addresses}`, podIPs: [{ ip: `10.99.0.${this.#addresses}` }] });
    }
  }

  async #say(pod: KubeletPod, status: object): Promise<void> {
    const { client, signal } = this.#cluster;
    // One that is gone, or that a controller has written meanwhile, is looked at again.
    await client.patchStatus<KubeObject & { readonly status?: unknown }>(WHOLE_PODS, pod, { ...pod.status, ...status }, signal).catch(() => undefined);
  }

  #statusOf(pod: KubeletPod): object {
    const [container] = pod.spec.containers;
    const variables = new Map(container?.env.map(({ name, value }) => [name, value ?? '']));
    const base = { name: container?.name ?? '', image: 'none', imageID: 'none', restartCount: 0 };
    switch (pod.metadata.labels?.[LABELS.component]) {
      case 'inspect':
        return this.#ended(base, inspectionReport(variables.get('CHURNOPS_VERSION') ?? ''));
      case 'evaluate':
        return this.#ended(base, evaluationReport(EvaluationRequest.parse(JSON.parse(variables.get('CHURNOPS_EVALUATION') ?? ''))));
      default:
        return { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: now() }], containerStatuses: [{ ...base, ready: true, started: true, state: { running: { startedAt: now() } } }] };
    }
  }

  #ended(base: object, report: object): object {
    return { phase: 'Succeeded', conditions: [], containerStatuses: [{ ...base, ready: false, started: false, state: { terminated: { exitCode: 0, reason: 'Completed', startedAt: now(), finishedAt: now(), message: JSON.stringify(report) } } }] };
  }
}

/** Kubernetes' times have whole seconds. */
function now(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z');
}
