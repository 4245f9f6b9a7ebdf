import { expect, test } from '@jest/globals';
import { FindingList, MAX_FINDINGS } from '../../../../server/evaluation/evidence/finding-list.ts';
import type { Finding } from '../../../../server/evaluation/evidence/finding-list.ts';

const missing: Finding = { state: 'Missing', what: 's3://churn/labels/m/dt=2026-11-21/pod-1.ndjson.gz', message: 'is not there' };
const changed: Finding = { state: 'Changed', what: 's3://churn/labels/m/dt=2026-11-21/pod-2.ndjson.gz', message: 'has another sha256' };

test.each<{ name: string; found: readonly Finding[]; outcome: string; listed: readonly Finding[] }>([
  { name: 'nothing', found: [], outcome: 'Verified', listed: [] },
  { name: 'what is missing', found: [missing], outcome: 'Incomplete', listed: [missing] },
  { name: 'what was changed', found: [missing, changed], outcome: 'Changed', listed: [changed, missing] },
  { name: 'what was changed after thousands that are missing', found: [...Array.from({ length: 5000 }, () => missing), changed], outcome: 'Changed', listed: [changed, ...Array.from({ length: MAX_FINDINGS }, () => missing)] },
])('$name', ({ found, outcome, listed }) => {
  const findings = new FindingList();
  findings.add(...found);
  expect([findings.outcome(), findings.list()]).toEqual([outcome, listed]);
});
