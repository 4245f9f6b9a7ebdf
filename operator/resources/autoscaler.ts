import type { DesiredAutoscaler } from '../rollout/decision.ts';
import type { Desired } from './desired.ts';
import { childLabels, childMetadata, childName, type Subject } from './subject.ts';

/** One autoscaler per model: what it has learned of the load stays when its target changes. */
export function autoscalerName(subject: Pick<Subject, 'name'>): string {
  return childName(subject, '');
}

/**
 * The HorizontalPodAutoscaler of the version that serves. It looks at the container `serve` alone: a sidecar that a mesh puts beside it
 * neither counts nor, where it requests no CPU, makes the figure unknown. Behaviour is Kubernetes' own: up at once, down after five minutes.
 */
export function autoscaler(subject: Subject, desired: DesiredAutoscaler): Desired {
  const { target, minReplicas, maxReplicas, targetCPUPercent } = desired;
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: childMetadata(subject, '', childLabels(subject, 'serving')),
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: childName(subject, target) },
      minReplicas,
      maxReplicas,
      metrics: [{ type: 'ContainerResource', containerResource: { name: 'cpu', container: 'serve', target: { type: 'Utilization', averageUtilization: targetCPUPercent } } }],
    },
  };
}
