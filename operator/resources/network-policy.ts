import { LABELS, PORTS } from '../../contracts/names.ts';
import type { Desired } from './desired.ts';
import type { Settings } from './settings.ts';
import { childLabels, childMetadata, type Subject } from './subject.ts';

/** Label that every namespace has. */
const NAMESPACE_NAME = 'kubernetes.io/metadata.name';

/** Who may read health, metrics and traffic state: the operator's pods, and whatever runs where monitoring runs. Nodes always may. */
function controlPeers(settings: Settings): readonly object[] {
  const { operator, monitoringNamespaces } = settings.network;
  const monitoring = [...monitoringNamespaces].toSorted();
  return [
    { namespaceSelector: { matchLabels: { [NAMESPACE_NAME]: operator.namespace } }, podSelector: { matchLabels: operator.podLabels } },
    ...(monitoring.length === 0 ? [] : [{ namespaceSelector: { matchExpressions: [{ key: NAMESPACE_NAME, operator: 'In', values: monitoring }] } }]),
  ];
}

/**
 * Who reaches a model's pods. One policy for the serving pods of all versions, the candidate's too: a network enforces it some time after it
 * is written, and a switch must not wait for that. It admits everyone to 8080 (gateways often are no pods; `auth: Token` is for whom that is
 * too many) and a few to 9090. The other covers every other pod of the model: a Job listens to nobody.
 * Where pods connect to is not limited: a store may be anywhere, and a policy cannot name a host.
 * Empty where the chart says that policies are made elsewhere.
 */
export function networkPolicies(subject: Subject, settings: Settings): readonly Desired[] {
  if (!settings.network.policies) return [];
  const ofModel = { [LABELS.model]: subject.name };
  const kind = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' } as const;
  return [
    {
      ...kind,
      metadata: childMetadata(subject, 'serving', childLabels(subject, 'serving')),
      spec: {
        podSelector: { matchLabels: { ...ofModel, [LABELS.component]: 'serving' } },
        policyTypes: ['Ingress'],
        ingress: [{ ports: [{ port: PORTS.http, protocol: 'TCP' }] }, { ports: [{ port: PORTS.control, protocol: 'TCP' }], from: controlPeers(settings) }],
      },
    },
    {
      ...kind,
      metadata: childMetadata(subject, 'jobs', childLabels(subject, 'inspect')),
      spec: {
        podSelector: { matchLabels: ofModel, matchExpressions: [{ key: LABELS.component, operator: 'NotIn', values: ['serving'] }] },
        policyTypes: ['Ingress'],
      },
    },
  ];
}
