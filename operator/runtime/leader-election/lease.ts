import { z } from 'zod';
import { StoredObject, type ObjectRef } from '../kube-object.ts';
import type { ResourceKind } from '../resource-kind.ts';

const StoredLease = StoredObject.extend({
  spec: z
    .looseObject({
      holderIdentity: z.string().nullish(),
      leaseDurationSeconds: z.number().nullish(),
      acquireTime: z.string().nullish(),
      renewTime: z.string().nullish(),
      leaseTransitions: z.number().nullish(),
    })
    .prefault({}),
});
export type StoredLease = z.infer<typeof StoredLease>;

/** coordination.k8s.io/v1 Lease. */
export const LEASES: ResourceKind<StoredLease> = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases', kind: 'Lease', namespaced: true, schema: StoredLease };

/** Who leads, as the lease says. `acquiredAt` and `renewedAt` are the holder's clock: they are compared for equality, never with ours. */
export type LeaseRecord = Readonly<{
  /** Empty: nobody; it was given back. */
  holder: string;
  durationMs: number;
  acquiredAt: string;
  renewedAt: string;
  /** How often the holder changed. */
  transitions: number;
}>;

/** What a stored lease says. One that somebody made by hand without a duration counts as given back. */
export function recordOf({ spec }: StoredLease): LeaseRecord {
  return {
    holder: spec.leaseDurationSeconds === undefined || spec.leaseDurationSeconds === null ? '' : (spec.holderIdentity ?? ''),
    durationMs: (spec.leaseDurationSeconds ?? 0) * 1000,
    acquiredAt: spec.acquireTime ?? '',
    renewedAt: spec.renewTime ?? '',
    transitions: spec.leaseTransitions ?? 0,
  };
}

/** The `spec` of a record. */
export function leaseSpec(record: LeaseRecord): Record<string, unknown> {
  return {
    holderIdentity: record.holder,
    leaseDurationSeconds: Math.ceil(record.durationMs / 1000),
    acquireTime: record.acquiredAt,
    renewTime: record.renewedAt,
    leaseTransitions: record.transitions,
  };
}

/** A lease that does not exist yet. */
export function newLease(ref: ObjectRef, record: LeaseRecord) {
  return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: ref, spec: leaseSpec(record) } as const;
}
