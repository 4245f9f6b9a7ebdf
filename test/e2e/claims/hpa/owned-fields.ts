import { z } from 'zod';
import { StoredMeta } from '../../../../operator/runtime/kube-object.ts';
import type { ResourceKind } from '../../../../operator/runtime/resource-kind.ts';
import { FIELD_MANAGER } from '../../../../contracts/names.ts';
import { DEPLOYMENTS } from '../../kinds.ts';

const ManagedFields = z.looseObject({ manager: z.string().default(''), operation: z.string().default(''), subresource: z.string().optional(), fieldsV1: z.record(z.string(), z.unknown()).default({}) });
const Deployment = z.looseObject({ apiVersion: z.string(), kind: z.string(), metadata: StoredMeta.extend({ managedFields: z.array(ManagedFields).default([]) }) });
export type OwnedDeployment = z.infer<typeof Deployment>;

const WithReplicas = z.looseObject({ 'f:spec': z.looseObject({ 'f:replicas': z.unknown().refine((value) => value !== undefined) }) });

/** Deployments with who owns which of their fields. */
export const OWNED_DEPLOYMENTS: ResourceKind<OwnedDeployment> = { ...DEPLOYMENTS, schema: Deployment };

/**
 * Deployments whose replicas an apply of the operator holds. The audit log does not show these: it has no bodies, and such an apply is one of
 * the Deployment, not of its scale. Sizes that the operator writes through the scale subresource are an Update, and stand in the log.
 */
export function appliedReplicas(deployments: readonly OwnedDeployment[]): readonly string[] {
  return deployments.filter(({ metadata }) => metadata.managedFields.some(holdsReplicas)).map(({ metadata }) => metadata.name);
}

function holdsReplicas({ manager, operation, fieldsV1 }: z.infer<typeof ManagedFields>): boolean {
  return manager === FIELD_MANAGER && operation === 'Apply' && WithReplicas.safeParse(fieldsV1).success;
}

/** Deployments of which nothing is known: without an apply of the operator the look says nothing. */
export function withoutApply(deployments: readonly OwnedDeployment[]): readonly string[] {
  return deployments.filter(({ metadata }) => !metadata.managedFields.some(({ manager, operation }) => manager === FIELD_MANAGER && operation === 'Apply')).map(({ metadata }) => metadata.name);
}
