import { expect, test } from '@jest/globals';
import { FIELD_MANAGER } from '../../../../../contracts/names.ts';
import { appliedReplicas, OWNED_DEPLOYMENTS, withoutApply } from '../../../../e2e/claims/hpa/owned-fields.ts';

const REPLICAS = { 'f:spec': { 'f:replicas': {} } };
const deployment = (...managedFields: readonly object[]) =>
  OWNED_DEPLOYMENTS.schema.parse({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd', uid: 'u', resourceVersion: '1', managedFields }, spec: {} });
const template = { manager: FIELD_MANAGER, operation: 'Apply', fieldsV1: { 'f:spec': { 'f:template': {} } } };

test.each<{ name: string; entries: readonly object[]; expected: readonly string[] }>([
  { name: 'an apply of the operator with replicas', entries: [{ manager: FIELD_MANAGER, operation: 'Apply', fieldsV1: REPLICAS }], expected: ['d'] },
  { name: 'an apply of the operator without', entries: [template], expected: [] },
  { name: 'the operator through the scale subresource', entries: [template, { manager: FIELD_MANAGER, operation: 'Update', subresource: 'scale', fieldsV1: REPLICAS }], expected: [] },
  { name: 'an apply of somebody else', entries: [template, { manager: 'kubectl', operation: 'Apply', fieldsV1: REPLICAS }], expected: [] },
])('$name', ({ entries, expected }) => expect(appliedReplicas([deployment(...entries)])).toEqual(expected));

test('a Deployment that the operator did not apply tells nothing', () => {
  expect(withoutApply([deployment(template), deployment()])).toEqual(['d']);
});
