import { z } from 'zod';

const Labels = z.record(z.string(), z.string());
const Selector = z.strictObject({
  matchLabels: Labels.default({}),
  matchExpressions: z.array(z.strictObject({ key: z.string(), operator: z.enum(['In', 'NotIn']), values: z.array(z.string()) })).default([]),
});
const From = z.strictObject({ namespaceSelector: Selector.optional(), podSelector: Selector.optional() });

/** A NetworkPolicy, as far as ours go; a field that the evaluator does not know is refused. */
export const Policy = z.looseObject({
  metadata: z.looseObject({ namespace: z.string() }),
  spec: z.strictObject({
    podSelector: Selector,
    policyTypes: z.array(z.enum(['Ingress', 'Egress'])),
    ingress: z.array(z.strictObject({ ports: z.array(z.strictObject({ port: z.number(), protocol: z.literal('TCP') })), from: z.array(From).optional() })).default([]),
  }),
});
export type Policy = z.infer<typeof Policy>;

/** A pod: where it runs and what it bears. */
export type Peer = Readonly<{ namespace: string; labels: Readonly<Record<string, string>> }>;

function selects(selector: z.infer<typeof Selector>, labels: Readonly<Record<string, string>>): boolean {
  const all = Object.entries(selector.matchLabels).every(([key, value]) => labels[key] === value);
  return all && selector.matchExpressions.every(({ key, operator, values }) => {
    const value = labels[key];
    return operator === 'In' ? value !== undefined && values.includes(value) : value === undefined || !values.includes(value);
  });
}

function isFrom(from: z.infer<typeof From>, policyNamespace: string, caller: Peer): boolean {
  // The API server gives every namespace this label.
  const inNamespace = from.namespaceSelector === undefined ? caller.namespace === policyNamespace : selects(from.namespaceSelector, { 'kubernetes.io/metadata.name': caller.namespace });
  return inNamespace && (from.podSelector === undefined || selects(from.podSelector, caller.labels));
}

/**
 * Whether a connection to a pod is let in: policies that select it add up, and one that none selects takes everyone.
 * The pod's own node, from which the kubelet probes, is always let in and not asked about here.
 * @param caller undefined: no pod of the cluster
 * @see https://kubernetes.io/docs/concepts/services-networking/network-policies/
 */
export function admits(policies: readonly Policy[], pod: Peer, port: number, caller: Peer | undefined): boolean {
  const speaking = policies.filter(({ metadata, spec }) => metadata.namespace === pod.namespace && spec.policyTypes.includes('Ingress') && selects(spec.podSelector, pod.labels));
  if (speaking.length === 0) return true;
  return speaking.some(({ metadata, spec }) =>
    spec.ingress.some((rule) => rule.ports.some((each) => each.port === port) && (rule.from === undefined || (caller !== undefined && rule.from.some((from) => isFrom(from, metadata.namespace, caller))))),
  );
}
