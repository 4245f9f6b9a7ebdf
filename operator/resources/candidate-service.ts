import { shortHash, type CandidateHash } from '../../contracts/digest.ts';
import { CANDIDATE_SERVICE, LABELS, PORTS } from '../../contracts/names.ts';
import type { Desired } from './desired.ts';
import { childLabels, childMetadata, childName, type Subject } from './subject.ts';

/** host:port by which pods of the model find the candidate's pods: as getaddrinfo resolves it, whatever the cluster's domain is called. */
export function candidateAddress(subject: Pick<Subject, 'name' | 'namespace'>): string {
  return `${childName(subject, CANDIDATE_SERVICE)}.${subject.namespace}.svc:${PORTS.http}`;
}

/** The headless Service through which stable's pods find the candidate's (DESIGN section 3). Empty while no candidate runs beside stable. */
export function candidateServices(subject: Subject, candidate: CandidateHash | undefined): readonly Desired[] {
  if (candidate === undefined) return [];
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: childMetadata(subject, CANDIDATE_SERVICE, { ...childLabels(subject, 'serving'), [LABELS.hash]: shortHash(candidate) }),
      spec: {
        type: 'ClusterIP',
        clusterIP: 'None',
        selector: { [LABELS.model]: subject.name, [LABELS.hash]: shortHash(candidate) },
        ports: [{ name: 'http', port: PORTS.http, targetPort: PORTS.http, protocol: 'TCP', appProtocol: 'http' }],
      },
    },
  ];
}
