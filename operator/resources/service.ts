import { LABELS, PORTS } from '../../contracts/names.ts';
import type { Desired } from './desired.ts';
import { childLabels, childMetadata, type Subject } from './subject.ts';

/** No pod bears it: the Service has its address and its name in DNS before it has anyone to send to. */
export const NOBODY = 'none';

/**
 * The Service that clients call: it selects the pods of the stable hash (DESIGN section 3).
 * @param selected first 8 digits of a hash; undefined: nobody yet
 */
export function stableService(subject: Subject, selected: string | undefined): Desired {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: childMetadata(subject, '', childLabels(subject, 'serving')),
    spec: {
      type: 'ClusterIP',
      selector: { [LABELS.model]: subject.name, [LABELS.hash]: selected ?? NOBODY },
      ports: [{ name: 'http', port: 80, targetPort: PORTS.http, protocol: 'TCP', appProtocol: 'http' }],
    },
  };
}
