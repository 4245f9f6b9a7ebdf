import { z } from 'zod';
import { IntOrString, kubernetesObject, ObjectName, rules, text } from './field-types.ts';

const ResourceList = z
  .record(z.string().max(63), IntOrString.describe('Amount, such as 200m or 256Mi.'))
  .meta({ maxProperties: 8, ...rules({ rule: 'self.all(name, isQuantity(string(self[name])))', message: 'write quantities such as 200m, 500m, 256Mi or 1Gi' }) });

const Toleration = z
  .object({
    key: z.string().max(316).describe('Key of the taint; unset with Exists: every taint.').optional(),
    operator: z.enum(['Exists', 'Equal']).describe('Equal (default) compares the value too.').optional(),
    value: z.string().max(63).describe('Value of the taint.').optional(),
    effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']).describe('Effect of the taint; unset: every effect.').optional(),
    tolerationSeconds: z.int().min(0).max(604_800).describe('NoExecute only: how long the pod stays; unset: for ever.').optional(),
  })
  .describe('A taint that is tolerated, as in a pod.');

/** Node labels that a pod asks for. */
export const NodeSelector = z.record(z.string().max(316), z.string().max(63).describe('Value of the node label.')).meta({ maxProperties: 32 });
/** Taints that a pod tolerates. */
export const Tolerations = z.array(Toleration).max(32);

const Scheduling = z.object({
  nodeSelector: NodeSelector.describe('Node labels that a serving pod asks for.').optional(),
  tolerations: Tolerations.describe('Taints that a serving pod tolerates.').optional(),
  affinity: kubernetesObject('Affinity of serving pods, as in a pod.').optional(),
  topologySpreadConstraints: z
    .array(
      z.object({
        maxSkew: z.int32().min(1).max(1000).describe('How many pods more than the emptiest domain one may have.'),
        topologyKey: z.string().min(1).max(316).describe('Node label whose values are the domains.'),
        whenUnsatisfiable: z.enum(['DoNotSchedule', 'ScheduleAnyway']).describe('What to do where it cannot be held.'),
      }).describe('One constraint, as in a pod.'),
    )
    .max(8)
    .describe('How serving pods spread; the selector is filled in. Unset: over nodes and zones, where possible.')
    .optional(),
  priorityClassName: z.string().max(253).describe('PriorityClass of serving pods; empty: none.').optional(),
});

const Autoscaling = z
  .object({
    minReplicas: z.int32().min(1).max(1000).describe('Fewest pods.'),
    maxReplicas: z.int32().min(1).max(1000).describe('Most pods.'),
    targetCPUUtilizationPercentage: z.int32().min(1).max(100).default(70).describe('Mean CPU use to hold, in percent of the request.'),
  })
  .meta(rules({ fieldPath: '.minReplicas', rule: 'self.minReplicas <= self.maxReplicas', message: 'minReplicas must not be larger than maxReplicas' }));

const Expose = z.object({
  parentRefs: z
    .array(z.object({ name: ObjectName, namespace: ObjectName.optional(), sectionName: z.string().min(1).max(253).describe('Listener of the Gateway; unset: all.').optional() }).describe('A Gateway.'))
    .max(8)
    .describe('Gateways that the HTTPRoute attaches to.'),
  hostnames: z
    .array(
      text({
        pattern: /^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
        message: 'write a host name such as churn.example.com',
        max: 253,
        description: 'Host name of the route.',
      }),
    )
    .max(16)
    .describe('Host names of the HTTPRoute.')
    .optional(),
});

/** `spec.serving`: size, threshold and place of the serving pods. */
export const Serving = z
  .object({
    replicas: z.int32().min(0).max(1000).describe('Serving pods; unset: 2. Not together with autoscaling. A single one is not protected: a drained node is a gap then.').optional(),
    autoscaling: Autoscaling.describe('Let a HorizontalPodAutoscaler size the stable version. Not together with replicas.').optional(),
    decisionThreshold: z.number().min(0).max(1).describe("Probability from which the decision is yes; unset: the model card's.").optional(),
    resources: z
      .object({ requests: ResourceList.describe('Requested, such as {cpu: 200m, memory: 256Mi}.').optional(), limits: ResourceList.describe('Limits.').optional() })
      .describe('Resources of a serving pod. What is not said: cpu 100m requested; memory 256Mi requested, 1Gi at most. The Job that inspects a package has its memory and its limits (2Gi unless said), and asks for 100m of cpu.')
      .optional(),
    scheduling: Scheduling.describe('Where serving pods run.').optional(),
    expose: Expose.describe('A Gateway API HTTPRoute to the stable Service.').optional(),
    auth: z.enum(['None', 'Token']).default('None').describe('Token: callers need the bearer token that the operator keeps in a Secret.'),
  })
  .meta(
    rules(
      { rule: '!(has(self.replicas) && has(self.autoscaling))', message: 'set replicas or autoscaling, not both' },
      {
        rule: "!has(self.autoscaling) || (has(self.resources) && has(self.resources.requests) && 'cpu' in self.resources.requests)",
        fieldPath: '.autoscaling',
        message: 'autoscaling needs resources.requests.cpu, which the utilisation is a share of',
      },
      {
        // What is no quantity has a message of its own.
        rule: "!has(self.autoscaling) || !has(self.resources) || !has(self.resources.requests) || !('cpu' in self.resources.requests) || !isQuantity(string(self.resources.requests['cpu'])) || quantity(string(self.resources.requests['cpu'])).isGreaterThan(quantity('0'))",
        fieldPath: '.autoscaling',
        message: 'autoscaling needs resources.requests.cpu above 0, which the utilisation is a share of',
      },
      { fieldPath: '.expose', rule: "!has(self.expose) || self.auth == 'Token'", message: 'expose needs auth: Token' },
    ),
  )
  .describe('Size, threshold and place of the serving pods.');
