import { describe, expect, test } from '@jest/globals';
import { controllerOf, keyOf, refOfKey, type OwnerReference } from '../../../../operator/runtime/kube-object.ts';
import { apiVersionOf, collectionPath, objectPath, type KindName } from '../../../../operator/runtime/resource-kind.ts';
import { compareResourceVersions, isOlder } from '../../../../operator/runtime/resource-version.ts';

const pods: KindName = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true };
const deployments: KindName = { group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment', namespaced: true };
const nodes: KindName = { group: '', version: 'v1', plural: 'nodes', kind: 'Node', namespaced: false };

describe('paths', () => {
  test.each<{ path: string; expected: string }>([
    { path: collectionPath(pods), expected: '/api/v1/pods' },
    { path: collectionPath(pods, 'shop'), expected: '/api/v1/namespaces/shop/pods' },
    { path: objectPath(deployments, { namespace: 'shop', name: 'a' }), expected: '/apis/apps/v1/namespaces/shop/deployments/a' },
    { path: objectPath(deployments, { namespace: 'shop', name: 'a' }, 'scale'), expected: '/apis/apps/v1/namespaces/shop/deployments/a/scale' },
    { path: objectPath(nodes, { name: 'n1' }, 'status'), expected: '/api/v1/nodes/n1/status' },
    { path: objectPath(pods, { namespace: 'shop', name: '../../nodes/x?a' }), expected: '/api/v1/namespaces/shop/pods/..%2F..%2Fnodes%2Fx%3Fa' },
  ])('$expected', ({ path, expected }) => expect(path).toBe(expected));

  test.each<{ name: string; make: () => string }>([
    { name: 'no name: a delete would take the whole collection', make: () => objectPath(pods, { namespace: 'shop', name: '' }) },
    { name: 'no namespace', make: () => objectPath(pods, { name: 'a' }) },
    { name: 'an empty namespace', make: () => objectPath(pods, { namespace: '', name: 'a' }) },
    { name: 'a namespace too much', make: () => objectPath(nodes, { namespace: 'shop', name: 'n1' }) },
  ])('refused: $name', ({ make }) => expect(make).toThrow(TypeError));

  test('apiVersion', () => expect([apiVersionOf(pods), apiVersionOf(deployments)]).toEqual(['v1', 'apps/v1']));
});

test.each([{ namespace: 'shop', name: 'a' }, { name: 'n1' }])('a ref and its key: %j', (ref) => expect(refOfKey(keyOf(ref))).toEqual(ref));

const owner = (uid: string, controller?: boolean): OwnerReference => ({ apiVersion: 'v1', kind: 'X', name: 'x', uid, controller });

test('the controller is the one owner that says so', () => {
  const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', ownerReferences: [owner('1'), owner('2', false), owner('3', true)] } };
  expect(controllerOf(object)?.uid).toBe('3');
});

describe('resource versions', () => {
  test.each<{ a: string; b: string; older: boolean; comparable: boolean }>([
    { a: '9', b: '10', older: true, comparable: true },
    { a: '10', b: '9', older: false, comparable: true },
    { a: '10', b: '10', older: false, comparable: true },
    { a: '99999999999999999998', b: '99999999999999999999', older: true, comparable: true },
    { a: '0', b: '5', older: false, comparable: false },
    { a: '', b: '5', older: false, comparable: false },
    { a: 'abc', b: 'abd', older: false, comparable: false },
  ])('$a before $b: $older', ({ a, b, older, comparable }) => {
    expect(isOlder(a, b)).toBe(older);
    expect(compareResourceVersions(a, b) !== undefined).toBe(comparable);
  });
});
