import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { NAMESPACE, only, rendered } from './helm.ts';

const Rule = z.strictObject({ alert: z.string(), expr: z.string(), for: z.string(), labels: z.record(z.string(), z.string()), annotations: z.record(z.string(), z.string()) });
const PrometheusRule = z.strictObject({ groups: z.tuple([z.strictObject({ name: z.string(), rules: z.array(Rule) })]) });

async function rulesWith(...values: readonly string[]): Promise<readonly z.infer<typeof Rule>[]> {
  const objects = await rendered('default-values.yaml', '--set', 'monitoring.prometheusRule.enabled=true', ...values.flatMap((value) => ['--set', value]));
  return PrometheusRule.parse(only(objects, 'PrometheusRule').spec).groups[0].rules;
}

test('alerts are of this release: its namespace, its lease, nothing left to be filled in', async () => {
  const rules = await rulesWith('operator.leaderElection.leaseName=mine');
  expect(rules.find(({ alert }) => alert === 'ChurnOpsNobodyLeads')?.expr).toBe(`sum(leader_election_master_status{namespace="${NAMESPACE}",name="mine"}) == 0`);
  expect(JSON.stringify(rules)).not.toMatch(/NAMESPACE|LEASE/);
  for (const { labels, annotations, alert } of rules) {
    expect(labels).toMatchObject({ namespace: NAMESPACE, severity: expect.stringMatching(/^(critical|warning)$/) });
    expect(annotations['runbook']).toBe(`docs/runbooks/${alert}.md`);
  }
});

test('what Prometheus fills in is left to it', async () => {
  const fails = (await rulesWith()).find(({ alert }) => alert === 'ChurnOpsReconcilesFail');
  expect(fails?.annotations['description']).toContain('{{ $value | humanizePercentage }}');
});

test('runbooks are linked where the values say that they are', async () => {
  const [first] = await rulesWith('monitoring.prometheusRule.runbookUrl=https://runbooks.example/churnops');
  expect(first?.annotations).toMatchObject({ runbook_url: 'https://runbooks.example/churnops/ChurnOpsOperatorDown.md' });
  expect(first?.annotations).not.toHaveProperty('runbook');
});

test('without election nobody is missed as a leader', async () => {
  const all = (await rulesWith()).map(({ alert }) => alert);
  const without = (await rulesWith('operator.leaderElection.enabled=false', 'operator.replicas=1')).map(({ alert }) => alert);
  expect(all.filter((alert) => !without.includes(alert))).toEqual(['ChurnOpsNobodyLeads']);
});

test('none unless they are asked for', async () => {
  expect((await rendered('default-values.yaml')).filter(({ kind }) => kind === 'PrometheusRule')).toEqual([]);
});
