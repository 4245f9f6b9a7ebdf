import { shortHash, type CandidateHash } from '../../contracts/digest.ts';
import { LABELS } from '../../contracts/names.ts';
import type { Desired } from './desired.ts';
import { isBoundToOneNode } from './pod-parts.ts';
import { childLabels, childMetadata, type Subject } from './subject.ts';

/**
 * The PodDisruptionBudget of one version: a node that is drained takes its pods one after the other. By hash, so that no pod is under two
 * budgets (then nobody could evict it); pods that are not ready may always go. A single replica may go too: holding it would block every drain.
 * None where all pods must be on the node of their volume: a new one could not become ready elsewhere, so the last old one would never go.
 */
export function disruptionBudgets(subject: Subject, hash: CandidateHash): readonly Desired[] {
  if (isBoundToOneNode(subject)) return [];
  const short = shortHash(hash);
  return [
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: childMetadata(subject, short, { ...childLabels(subject, 'serving'), [LABELS.hash]: short }),
      spec: {
        maxUnavailable: 1,
        unhealthyPodEvictionPolicy: 'AlwaysAllow',
        selector: { matchLabels: { [LABELS.model]: subject.name, [LABELS.hash]: short } },
      },
    },
  ];
}
