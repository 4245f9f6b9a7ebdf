import { expect, test } from '@jest/globals';
import { byRequest, isWrite, parseAuditLine } from '../../e2e/audit-entry.ts';

const line = {
  stage: 'ResponseComplete',
  verb: 'patch',
  user: { username: 'system:serviceaccount:churnops:churnops-operator' },
  userAgent: 'churnops-operator/0.1.0',
  requestURI: '/apis/apps/v1/namespaces/a/deployments/b/scale',
  objectRef: { resource: 'deployments', namespace: 'a', name: 'b', apiGroup: 'apps', apiVersion: 'v1', subresource: 'scale' },
  responseStatus: { code: 200 },
  requestReceivedTimestamp: '2026-11-21T07:00:00.250000Z',
  stageTimestamp: '2026-11-21T07:00:00.500000Z',
};

const parsed = (change: object) => parseAuditLine(JSON.stringify({ ...line, ...change }));

test('a finished request', () => {
  expect(parsed({})).toEqual({
    verb: 'patch', user: line.user.username, userAgent: line.userAgent, resource: 'deployments.apps/scale', namespace: 'a', name: 'b', code: 200, receivedMs: Date.parse('2026-11-21T07:00:00.25Z'), atMs: Date.parse('2026-11-21T07:00:00.5Z'),
  });
});

test.each([
  ['of the core group', { objectRef: { resource: 'pods', namespace: 'a' } }, 'pods'],
  ['about no object', { objectRef: undefined }, line.requestURI],
])('a request %s', (_name, change, resource) => expect(parsed(change)?.resource).toBe(resource));

test.each([['the beginning of a watch', JSON.stringify({ ...line, stage: 'ResponseStarted' })], ['half a line', JSON.stringify(line).slice(0, 50)], ['another document', '{}']])(
  '%s is no finished request', (_name, text) => expect(parseAuditLine(text)).toBeUndefined(),
);

test.each([['get', false], ['list', false], ['watch', false], ['create', true], ['update', true], ['patch', true], ['delete', true], ['deletecollection', true]])('%s is a write: %s', (verb, write) => {
  const entry = parsed({ verb });
  expect(entry !== undefined && isWrite(entry)).toBe(write);
});

test('requests are counted by verb and resource, most first', () => {
  const entries = [parsed({}), parsed({ verb: 'get' }), parsed({})].filter((entry) => entry !== undefined);
  expect(byRequest(entries)).toEqual([{ request: 'patch deployments.apps/scale', count: 2 }, { request: 'get deployments.apps/scale', count: 1 }]);
});
