import { expect, test } from '@jest/globals';
import { only, rendered, workload, type Rendered } from './helm.ts';
import { besides } from './installed.ts';

const DEFAULTS = 'default-values.yaml';
const sets = (values: readonly string[]): readonly string[] => values.flatMap((value) => ['--set', value]);

/** The operator's Deployment, as an installation with these values has it. */
async function installed(values: readonly string[]): Promise<Rendered> {
  return only(await rendered(DEFAULTS, ...sets(values)), 'Deployment', '-operator');
}

async function leaseOf(values: readonly string[]): Promise<unknown> {
  const [container] = workload(await installed(values)).template.spec.containers;
  return container?.env.find(({ name }) => name === 'CHURNOPS_LEASE_NAME')?.value;
}

/** What 0.1.0 installed: it knew no election. */
async function installedBefore(): Promise<Rendered> {
  const current = await installed([]);
  const { template, ...spec } = workload(current);
  const containers = template.spec.containers.map((container) => ({ ...container, env: container.env.filter(({ name }) => !/LEASE|ELECTION|RENEW|RETRY/.test(name)) }));
  return { ...current, spec: { ...spec, strategy: { type: 'Recreate' }, replicas: 1, template: { ...template, spec: { ...template.spec, containers } } } };
}

/** The operator after an upgrade to these values, rendered where the old one can be seen. */
async function upgraded(old: readonly Rendered[], values: readonly string[]): Promise<Rendered> {
  return besides(old, async (...args) => only(await rendered(DEFAULTS, ...args, ...sets(values)), 'Deployment', '-operator'));
}

const NAMED = ['operator.leaderElection.leaseName=mine'];
const ALONE = ['operator.leaderElection.enabled=false', 'operator.replicas=1'];

test.each<{ name: string; from: readonly string[]; to: readonly string[]; strategy: 'Recreate' | 'RollingUpdate' }>([
  { name: 'nothing of it', from: [], to: ['operator.workers=8'], strategy: 'RollingUpdate' },
  { name: 'the same lease, by its name', from: [], to: ['operator.leaderElection.leaseName=churnops-operator'], strategy: 'RollingUpdate' },
  { name: 'another lease', from: [], to: NAMED, strategy: 'Recreate' },
  { name: 'back to the lease by default', from: NAMED, to: [], strategy: 'Recreate' },
  { name: 'the same lease of another name', from: NAMED, to: [...NAMED, 'operator.workers=8'], strategy: 'RollingUpdate' },
  { name: 'no election any more', from: [], to: ALONE, strategy: 'Recreate' },
  { name: 'election from now on', from: ALONE, to: [], strategy: 'Recreate' },
  { name: 'never any', from: ALONE, to: ALONE, strategy: 'Recreate' },
  { name: 'what a person says', from: [], to: ['operator.updateStrategy=Recreate'], strategy: 'Recreate' },
  { name: 'another name, the same lease', from: [], to: ['fullnameOverride=churn'], strategy: 'RollingUpdate' },
  { name: 'another name, and back to the lease that was named', from: [...NAMED, 'fullnameOverride=churn'], to: NAMED, strategy: 'RollingUpdate' },
])('an upgrade that changes $name: $strategy', async ({ from, to, strategy }) => {
  expect(workload(await upgraded([await installed(from)], to)).strategy.type).toBe(strategy);
});

test('the release before took part in no election: it is stopped first', async () => {
  expect(workload(await upgraded([await installedBefore()], [])).strategy.type).toBe('Recreate');
});

test('operators of other releases, and other Deployments of this one, do not count', async () => {
  const mine = await installed(NAMED);
  const spec = workload(mine);
  const other = (name: string, labels: Readonly<Record<string, string>>): Rendered => ({ ...mine, metadata: { ...mine.metadata, name }, spec: { ...spec, selector: { matchLabels: { ...spec.selector.matchLabels, ...labels } } } });
  const others = [other('second-operator', { 'app.kubernetes.io/instance': 'second' }), other('churnops-s3', { 'app.kubernetes.io/component': 's3' })];
  expect(workload(await upgraded(others, [])).strategy.type).toBe('RollingUpdate');
});

test.each<{ name: string; from: readonly string[]; to: readonly string[]; says: RegExp }>([
  { name: 'name and lease', from: [], to: [...NAMED, 'fullnameOverride=churn'], says: /churnops-operator would become churn-operator .*Lease "churnops-operator", then "mine".*scale deployment\/churnops-operator --replicas=0/ },
  { name: 'name, and no election any more', from: [], to: [...ALONE, 'fullnameOverride=churn'], says: /would not take part in one election/ },
  { name: 'name, and election from now on', from: ALONE, to: ['fullnameOverride=churn'], says: /Lease "", then "churnops-operator"/ },
])('two Deployments, two writers: $name at once are refused', async ({ from, to, says }) => {
  await expect(upgraded([await installed(from)], to)).rejects.toThrow(says);
});

test('an old operator of another name that was stopped is in nobody\'s way', async () => {
  const old = await installed([]);
  expect(workload(await upgraded([{ ...old, spec: { ...workload(old), replicas: 0 } }], [...NAMED, 'fullnameOverride=churn'])).strategy.type).toBe('RollingUpdate');
});

test('the lease by default is the one that every release so far has had, and keeps its name when the operator gets another', async () => {
  expect(await leaseOf([])).toBe('churnops-operator');
  expect(await leaseOf(['fullnameOverride=churn'])).toBe('churnops-operator');
  expect(await leaseOf(NAMED)).toBe('mine');
});
