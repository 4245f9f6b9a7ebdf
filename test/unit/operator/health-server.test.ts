import { expect, test } from '@jest/globals';
import { readinessOf, type Readiness } from '../../../operator/health-server.ts';
import type { CacheState } from '../../../operator/runtime/kind-cache.ts';

test.each<{ name: string; states: readonly CacheState[]; expected: Readiness }>([
  { name: 'all known', states: ['Synced', 'Synced'], expected: { ready: true, text: 'ok\n' } },
  { name: 'one is being listed', states: ['Synced', 'Waiting'], expected: { ready: false, text: 'caches are not synced yet: n1\n' } },
  { name: 'one without rights does not hold the others up, but is named', states: ['Refused', 'Synced'], expected: { ready: true, text: 'ok, but rights are missing in: n0 (the log names them)\n' } },
  { name: 'none with rights', states: ['Refused', 'Refused'], expected: { ready: false, text: 'rights are missing in: n0, n1 (the log names them)\n' } },
])('ready: $name', ({ states, expected }) => {
  expect(readinessOf(states.map((state, index) => ({ namespace: `n${index}`, state })))).toEqual(expected);
});
