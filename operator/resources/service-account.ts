import type { Desired } from './desired.ts';
import { needsOwnAccount } from './pod-parts.ts';
import { childLabels, childMetadata, type Subject } from './subject.ts';

/**
 * The ServiceAccount of the model's pods: it may do nothing, and no token of it is mounted.
 * Empty where every pod runs under an account that the user names.
 */
export function serviceAccounts(subject: Subject): readonly Desired[] {
  if (!needsOwnAccount(subject)) return [];
  return [
    {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: childMetadata(subject, '', childLabels(subject, 'serving')),
      automountServiceAccountToken: false,
    },
  ];
}
