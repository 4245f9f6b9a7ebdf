import type { Desired } from './desired.ts';
import { childLabels, childMetadata, type Subject } from './subject.ts';

/** The ServiceAccount of the model's pods. It may do nothing, and no token of it is mounted. */
export function serviceAccount(subject: Subject): Desired {
  return ({
	apiVersion: 'v1',
	kind: 'ServiceAccount',
	metadata: childMetadata(subject, '', childLabels(subject, 'serving')),
	automountServiceAccountToken: false
});
}
