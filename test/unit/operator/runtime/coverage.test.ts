import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { firstUncovered, isCovered } from '../../../../operator/runtime/coverage.ts';

describe('covered', () => {
  test.each<{ name: string; desired: unknown; live: unknown }>([
    { name: 'defaults of the server', desired: { spec: { a: 1 } }, live: { spec: { a: 1, b: 2 }, status: {} } },
    { name: 'a sidecar of someone else', desired: { containers: [{ name: 'a' }] }, live: { containers: [{ name: 'z' }, { name: 'a' }] } },
    { name: 'a port without protocol', desired: { ports: [{ containerPort: 80 }] }, live: { ports: [{ containerPort: 80, protocol: 'TCP' }] } },
    { name: 'a Service port by number', desired: { ports: [{ port: 80, targetPort: 8080 }] }, live: { ports: [{ port: 80, protocol: 'TCP', targetPort: '8080' }] } },
    { name: 'mounts by path', desired: { volumeMounts: [{ name: 'v', mountPath: '/b' }] }, live: { volumeMounts: [{ name: 'v', mountPath: '/a' }, { name: 'v', mountPath: '/b' }] } },
    { name: 'finer than a thousandth, which the API server rounds up', desired: { requests: { cpu: '0.0605', memory: '100000.5' } }, live: { requests: { cpu: '61m', memory: '100000500m' } } },
    { name: 'cores', desired: { requests: { cpu: 0.5 } }, live: { requests: { cpu: '500m' } } },
    { name: 'bytes', desired: { limits: { memory: '1024Mi' } }, live: { limits: { memory: '1Gi' } } },
    { name: 'a size limit', desired: { emptyDir: { sizeLimit: '1024Ki' } }, live: { emptyDir: { sizeLimit: '1Mi' } } },
    { name: 'an empty map', desired: { annotations: {} }, live: {} },
    { name: 'an empty list', desired: { tolerations: [] }, live: {} },
    { name: 'empty maps within', desired: { resources: { limits: {}, claims: [] } }, live: {} },
    { name: 'a value of undefined', desired: { a: undefined }, live: { a: 1 } },
    { name: 'false that Go drops', desired: { hostNetwork: false }, live: {} },
    { name: 'an empty env value', desired: { env: [{ name: 'A', value: '' }] }, live: { env: [{ name: 'A' }] } },
  ])('$name', ({ desired, live }) => expect(firstUncovered(desired, live)).toBeUndefined());
});

describe('not covered', () => {
  test.each<{ name: string; desired: unknown; live: unknown; path: string }>([
    { name: 'a field by hand', desired: { spec: { a: 1 } }, live: { spec: { a: 2 } }, path: '.spec.a' },
    { name: 'a missing field', desired: { spec: { a: 1 } }, live: { spec: {} }, path: '.spec.a' },
    { name: 'a missing container', desired: { containers: [{ name: 'a' }] }, live: { containers: [{ name: 'b' }] }, path: '.containers[a]' },
    { name: 'another image', desired: { containers: [{ name: 'a', image: 'x' }] }, live: { containers: [{ name: 'a', image: 'y' }] }, path: '.containers[a].image' },
    { name: 'udp instead of tcp', desired: { ports: [{ containerPort: 80 }] }, live: { ports: [{ containerPort: 80, protocol: 'UDP' }] }, path: '.ports[80//TCP]' },
    { name: 'one more toleration', desired: { tolerations: [{ key: 'a' }] }, live: { tolerations: [{ key: 'a' }, { key: 'b' }] }, path: '.tolerations' },
    { name: 'one more subject', desired: { subjects: [{ name: 'a' }] }, live: { subjects: [{ name: 'a' }, { name: 'b' }] }, path: '.subjects' },
    { name: 'one more port of a NetworkPolicy', desired: { ingress: [{ ports: [{ port: 1 }] }] }, live: { ingress: [{ ports: [{ port: 1 }, { port: 2 }] }] }, path: '.ingress[0].ports' },
    { name: 'other arguments', desired: { args: ['a', 'b'] }, live: { args: ['b', 'a'] }, path: '.args[0]' },
    { name: 'a token that is mounted again', desired: { automountServiceAccountToken: false }, live: {}, path: '.automountServiceAccountToken' },
    { name: 'a selector that was removed', desired: { namespaceSelector: {} }, live: {}, path: '.namespaceSelector' },
    { name: 'an empty value in data', desired: { data: { a: '' } }, live: { data: {} }, path: '.data.a' },
    { name: 'a value that only looks like a quantity', desired: { env: [{ name: 'A', value: '1000m' }] }, live: { env: [{ name: 'A', value: '1' }] }, path: '.env[A].value' },
    { name: 'sizes are not rounded', desired: { sizeLimit: '0.0605' }, live: { sizeLimit: '61m' }, path: '.sizeLimit' },
    { name: 'a thousandth more', desired: { requests: { cpu: '0.0605' } }, live: { requests: { cpu: '62m' } }, path: '.requests.cpu' },
    { name: 'another quantity', desired: { limits: { cpu: '1' } }, live: { limits: { cpu: '1001m' } }, path: '.limits.cpu' },
    { name: 'a map for a list', desired: { a: [1] }, live: { a: { 0: 1 } }, path: '.a' },
    { name: 'a list for a map', desired: { a: { b: 1 } }, live: { a: [1] }, path: '.a' },
    { name: 'true for "true"', desired: { a: true }, live: { a: 'true' }, path: '.a' },
    { name: 'two items with one key, changed', desired: { env: [{ name: 'A', value: '1' }, { name: 'A', value: '2' }] }, live: { env: [{ name: 'A', value: '1' }] }, path: '.env' },
  ])('$name', ({ desired, live, path }) => expect(firstUncovered(desired, live)).toBe(path));
});

const field = fc.constantFrom('a', 'b', 'spec', 'containers', 'ports', 'env', 'limits', 'data', 'selector', 'name', 'value', 'args', 'readOnly');
const json = fc.letrec<{ value: unknown; object: Record<string, unknown> }>((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, fc.string(), fc.integer(), fc.boolean(), fc.array(tie('value'), { maxLength: 3 }), tie('object')),
  object: fc.dictionary(field, tie('value'), { maxKeys: 4, noNullPrototype: true }),
})).object;

/** Adds a field to every object: what a server's defaults do. */
/** Maps that are replaced as a whole take no defaults. */
function withDefaults(value: unknown, field = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => withDefaults(item));
  if (field === 'selector' || field === 'nodeSelector') return value;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries([...Object.entries(value).map(([key, inner]) => [key, withDefaults(inner, key)]), ['zzDefault', 1]]);
}

test.each([
  ['a Service that selects by a key more', { spec: { selector: { a: '1' } } }, { spec: { selector: { a: '1', b: '2' } } }, '.spec.selector.b'],
  ['a pod bound by a key more', { spec: { nodeSelector: { a: '1' } } }, { spec: { nodeSelector: { a: '1', b: '2' } } }, '.spec.nodeSelector.b'],
  ['a Deployment whose selector got a default', { spec: { selector: { matchLabels: { a: '1' } } } }, { spec: { selector: { matchLabels: { a: '1' }, zz: [] } } }, undefined],
])('maps that are replaced as a whole: %s', (_name, desired, live, expected) => expect(firstUncovered(desired, live)).toBe(expected));

test('everything covers itself, and more than itself', () => {
  fc.assert(fc.property(json, (value) => isCovered(value, value) && isCovered(value, withDefaults(value))));
});

test('a field that is wanted and changed is always seen', () => {
  fc.assert(
    fc.property(json, fc.constantFrom('image', 'replicasWanted'), fc.string({ minLength: 1 }), (value, key, wanted) => {
      const path = firstUncovered({ ...value, [key]: wanted }, { ...value, [key]: `${wanted}!` });
      return path === `.${key}`;
    }),
  );
});

test('never throws, whatever it compares', () => {
  fc.assert(fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => typeof isCovered(a, b) === 'boolean'));
});
