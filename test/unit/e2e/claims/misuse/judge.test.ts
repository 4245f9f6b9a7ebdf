import { describe, expect, test } from '@jest/globals';
import { isListed, isShown, namesField, newValues } from '../../../../e2e/claims/misuse/judge.ts';
import type { Json } from '../../../../e2e/claims/misuse/values.ts';

describe('a refusal names its field', () => {
  test.each<{ message: string; field: string; expected: boolean }>([
    { message: 'spec.serving.replicas: Invalid value: 1001: should be less than or equal to 1000', field: 'spec.serving.replicas', expected: true },
    { message: 'set replicas or autoscaling, not both', field: 'spec.serving.autoscaling.minReplicas', expected: false },
    { message: 'spec.serving: Invalid value: set replicas or autoscaling, not both', field: 'spec.serving.autoscaling.minReplicas', expected: true },
    { message: 'spec.batch[0].name: Required value', field: 'spec.batch[].name', expected: true },
    { message: 'spec.batch[0]: Invalid value: more', field: 'spec.batch[].select.minProbability', expected: true },
    { message: 'unknown field "spec.model.misspelt"', field: 'spec.model.misspelt', expected: true },
    { message: 'spec.storage: Invalid value: write the name of an object', field: 'spec.batch[].name', expected: false },
    { message: 'spec: Invalid value: batch: each needs a name', field: 'spec.batch[].name', expected: true },
    { message: '.spec.batch: element 0 omits key field "name"', field: 'spec.batch[].name', expected: true },
    { message: 'spec.rollout.gate.labels: Unsupported value', field: 'spec.labels', expected: true },
    { message: 'labels: Feedback needs a deadline', field: 'spec.labels', expected: false },
    { message: 'version: write the name of a sub-folder', field: 'spec.model.version', expected: false },
    { message: 'spec: Invalid value', field: 'spec.serving.replicas', expected: false },
    { message: 'the object is invalid', field: 'spec.serving.replicas', expected: false },
  ])('$message for $field: $expected', ({ message, field, expected }) => expect(namesField(message, field)).toBe(expected));
});

describe('a status lists a field', () => {
  const text = 'no effect yet: spec.model.version: latest (resolved once, when it is set), spec.rollout.gate, spec.serving.auth';
  test.each([
    ['spec.rollout.gate', true],
    ['spec.rollout.gate.minAUC', true],
    ['spec.rollout', true],
    ['spec.rollout.gateway', false],
    ['spec.serving.auth', true],
    ['spec.serving.replicas', false],
    ['spec.model.version', true],
  ])('%s: %s', (field, expected) => expect(isListed(text, field)).toBe(expected));
});

describe('a value shows in objects', () => {
  test.each<{ name: string; before: Json; after: Json; declared: Json; expected: boolean }>([
    { name: 'a changed value', before: { a: 1 }, after: { a: 2 }, declared: 2, expected: true },
    { name: 'one that was there before', before: { a: 2 }, after: { a: 2 }, declared: 2, expected: false },
    { name: 'a number as an environment variable', before: [], after: [{ name: 'T', value: '0.4' }], declared: 0.4, expected: true },
    { name: 'a quantity in another form', before: { cpu: '1' }, after: { cpu: '500m' }, declared: '0.5', expected: true },
    { name: 'an item in front', before: [{ name: 'b', value: 'x' }], after: [{ name: 'a', value: 'y' }, { name: 'b', value: 'x' }], declared: 'x', expected: false },
    { name: 'part of a URL', before: {}, after: { value: 's3://churn/samples/a' }, declared: 'samples/a', expected: true },
    { name: 'every part of an object', before: {}, after: { key: 'k', operator: 'Exists' }, declared: { key: 'k', operator: 'Exists' }, expected: true },
    { name: 'half of an object', before: {}, after: { key: 'k' }, declared: { key: 'k', operator: 'Exists' }, expected: false },
  ])('$name: $expected', ({ before, after, declared, expected }) => expect(isShown(declared, newValues(before, after))).toBe(expected));
});
