import { expect, test } from '@jest/globals';
import { isForbidden, rightsAskedFor, type Entry } from '../../../e2e/claims/rights/audit-log.ts';
import { leaks } from '../../../e2e/claims/rights/canaries.ts';

const base: Entry = { verb: 'patch', user: { username: 'operator' }, objectRef: { resource: 'deployments', apiGroup: 'apps' }, requestURI: '/apis/apps/v1/namespaces/a/deployments/b', responseStatus: { code: 200 }, requestReceivedTimestamp: '2026-11-21T00:00:00.000000Z' };

test.each<{ name: string; given: Partial<Entry>; rights: readonly string[] }>([
  { name: 'a patch', given: {}, rights: ['patch apps/deployments'] },
  { name: 'a patch that created was asked for both', given: { responseStatus: { code: 201 } }, rights: ['patch apps/deployments', 'create apps/deployments'] },
  { name: 'a subresource is a resource of its own', given: { objectRef: { resource: 'churnmodels', apiGroup: 'churnops.dev', subresource: 'status' } }, rights: ['patch churnops.dev/churnmodels/status'] },
  { name: 'the core group has no name', given: { verb: 'watch', objectRef: { resource: 'pods', apiGroup: '' } }, rights: ['watch /pods'] },
  { name: 'no object: the path without its query', given: { verb: 'get', objectRef: undefined, requestURI: '/openapi/v3?timeout=1' }, rights: ['get /openapi/v3'] },
])('$name', ({ given, rights }) => expect(rightsAskedFor({ ...base, ...given })).toEqual(rights));

test('a request without the right is told from one that failed otherwise', () => {
  expect(isForbidden({ ...base, annotations: { 'authorization.k8s.io/decision': 'forbid' } })).toBe(true);
  expect(isForbidden({ ...base, responseStatus: { code: 403 }, annotations: { 'authorization.k8s.io/decision': 'allow' } })).toBe(false);
});

test.each<{ name: string; text: string; found: boolean }>([
  { name: 'as it is', text: '{"msg":"refused for canary=1/x"}', found: true },
  { name: 'as a Secret holds it', text: Buffer.from('canary=1/x').toString('base64'), found: true },
  { name: 'as an address holds it', text: `GET /?key=${encodeURIComponent('canary=1/x')}`, found: true },
  { name: 'not at all', text: 'canary', found: false },
])('a canary is found $name', ({ text, found }) => expect(leaks({ key: 'canary=1/x' }, new Map([['log', text]]))).toEqual(found ? ['key in log'] : []));
