import { expect, test } from '@jest/globals';
import type { AuditEntry } from '../../../../e2e/audit-entry.ts';
import { changeTimes } from '../../../../e2e/claims/scale/change-times.ts';

/** `who verb resource name from-to`, with times in milliseconds. */
function entry(text: string): AuditEntry {
  const [user = '', verb = '', resource = '', name = '', from, to, code = 200] = text.split(/[ -](?=\S)/);
  return { user, verb, userAgent: '', resource: resource === 'model' ? 'churnmodels.churnops.dev' : resource === 'deployment' ? 'deployments.apps' : resource, namespace: 'n', name: name.replace('_', '-'), code: Number(code), receivedMs: Number(from), atMs: Number(to) };
}

test.each([
  { name: 'from its receipt until the Deployment is stored', entries: ['me patch model m 100-150', 'op patch deployment m_abc 180-300'], expected: [200] },
  { name: 'each to the write that follows it, whatever their order in the log', entries: ['op patch deployment m_abc 1100-1400', 'me patch model m 1000-1050', 'op patch deployment m_abc 180-300', 'me patch model m 100-150'], expected: [200, 400] },
  { name: 'a write that began before it is not of it', entries: ['op patch deployment m_abc 90-120', 'me patch model m 100-150', 'op patch deployment m_abc 160-170'], expected: [70] },
  { name: 'a refused write is none', entries: ['me patch model m 100-150', 'op patch deployment m_abc 160-170 409', 'op patch deployment m_abc 180-200'], expected: [100] },
  { name: 'other models, other writers and other parts do not count', entries: ['me patch model m 100-150', 'op patch deployment m2_abc 160-170', 'kube patch deployment m_abc 160-170', 'op patch deployments.apps/status m_abc 160-170', 'op patch model m 155-158', 'op patch deployment m_abc 300-310'], expected: [210] },
  { name: 'one that never arrived', entries: ['me patch model m 100-150'], expected: [Number.POSITIVE_INFINITY] },
])('$name', ({ entries, expected }) => {
  expect(changeTimes(entries.map(entry), { model: 'm', operator: 'op' })).toEqual(expected);
});
