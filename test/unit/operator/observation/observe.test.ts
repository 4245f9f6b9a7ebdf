import { describe, expect, test } from '@jest/globals';
import { LABELS } from '../../../../contracts/names.ts';
import { CHURN_MODELS, SERVICES, type Service, type StoredChurnModel } from '../../../../operator/observation/kinds.ts';
import { observe, type Children, type Observation } from '../../../../operator/observation/observe.ts';
import { inspectJobName } from '../../../../operator/resources/inspect-job.ts';
import { versionRecord } from '../../../../operator/resources/version-record.ts';
import { INITIAL_STATE } from '../../../../operator/rollout/state.ts';
import { rolloutRecord } from '../../../../operator/status/rollout-record.ts';
import { identity, inspecting, keyOf, NOW_MS, report, REPOSITORY, stable } from '../rollout/builders.ts';
import { deployment, ended, job, pod, READY_STATUS } from './objects.ts';

const none: Children = { deployments: [], services: [], jobs: [], cronJobs: [], scheduledJobs: [], autoscalers: [], budgets: [], networkPolicies: [], pods: [] };

function model(over: Readonly<{ spec?: unknown; status?: unknown }> = {}): StoredChurnModel {
  return CHURN_MODELS.schema.parse({
    apiVersion: 'churnops.dev/v1alpha1',
    kind: 'ChurnModel',
    metadata: { name: 'telco-churn', namespace: 'retention', uid: 'u', resourceVersion: '7', generation: 3 },
    spec: over.spec ?? { model: { repository: REPOSITORY, version: 'a' } },
    status: over.status,
  });
}

function service(hash: string, name = 'telco-churn'): Service {
  return SERVICES.schema.parse({ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'retention', uid: 's', resourceVersion: '1' }, spec: { selector: { 'churnops.dev/hash': hash } } });
}

function readable(observation: Observation) {
  if (!observation.readable) throw new Error(observation.problem);
  return observation;
}

test('a new model', () => {
  const { facts, subject, generation } = readable(observe(model(), none, NOW_MS));
  expect({ state: facts.state, job: facts.inspectionJob, selected: facts.selected, generation }).toEqual({ state: INITIAL_STATE, job: { state: 'Absent' }, selected: undefined, generation: 3 });
  expect({ name: subject.name, namespace: subject.namespace, uid: subject.uid, annotations: subject.annotations }).toEqual({ name: 'telco-churn', namespace: 'retention', uid: 'u', annotations: {} });
});

test.each<{ selector: string; expected: string | undefined }>([
  { selector: 'none', expected: undefined },
  { selector: '3f9a1c2e', expected: '3f9a1c2e' },
])('whom a Service with $selector selects', ({ selector, expected }) => expect(readable(observe(model(), { ...none, services: [service(selector)] }, NOW_MS)).facts.selected).toBe(expected));

test.each<{ name: string; services: readonly Service[]; expected: string | undefined }>([
  { name: 'none of ours', services: [service('3f9a1c2e')], expected: undefined },
  { name: "the candidate's own", services: [service('3f9a1c2e'), service('0badc0de', 'telco-churn-candidate')], expected: '0badc0de' },
])('whose pods stable finds by $name headless Service', ({ services, expected }) => expect(readable(observe(model(), { ...none, services }, NOW_MS)).facts.found).toBe(expected));

test('what serves is known by the Deployment that the Service selects, whatever status says', () => {
  const { hash } = identity('a');
  const short = hash.slice(0, 8);
  const own = deployment(short);
  const bearing = { ...own, metadata: { ...own.metadata, annotations: versionRecord(identity('a')) } };
  const look = (...deployments: Children['deployments']) => readable(observe(model(), { ...none, services: [service(short)], deployments }, NOW_MS)).facts.serving;
  expect(look(bearing)).toEqual(identity('a'));
  expect(look(own)).toBeUndefined();
  expect(look({ ...bearing, metadata: { ...bearing.metadata, deletionTimestamp: '2026-11-21T07:00:00Z' } })).toBeUndefined();
  expect(look()).toBeUndefined();
});

test('pods are found by the hash of their version', () => {
  const { hash } = identity('a');
  const short = hash.slice(0, 8);
  const children = { ...none, deployments: [deployment(short, { replicas: 1, status: { observedGeneration: 1, updatedReplicas: 1, readyReplicas: 1 } })], pods: [pod('p', { hash: short, status: READY_STATUS })] };
  const { facts } = readable(observe(model({ status: rolloutRecord({ ...INITIAL_STATE, stable: stable('a') }) }), children, NOW_MS));
  expect(facts.pods(hash)).toEqual({ requested: 1, ready: 1, readyUpToDate: 1, outdated: 0, problem: undefined });
  expect(facts.pods(identity('b').hash)).toEqual({ requested: undefined, ready: 0, readyUpToDate: 0, outdated: 0, problem: undefined });
});

test('a Deployment is found by its name, whatever a hand made of its labels', () => {
  const { hash } = identity('a');
  const own = deployment(hash.slice(0, 8), { replicas: 1 });
  const changed = { ...own, metadata: { ...own.metadata, labels: { ...own.metadata.labels, [LABELS.hash]: '00000000' } } };
  const { facts } = readable(observe(model({ status: rolloutRecord({ ...INITIAL_STATE, stable: stable('a') }) }), { ...none, deployments: [changed] }, NOW_MS));
  expect(facts.pods(hash).requested).toBe(1);
});

const reported = (jobName: string) => pod(`${jobName}-x`, { job: jobName, status: { containerStatuses: [ended('inspect', 0, JSON.stringify(report('a')))] } });

test("only the Job of the state's own try counts", () => {
  const candidate = inspecting('a');
  const status = rolloutRecord({ ...INITIAL_STATE, candidate });
  const name = inspectJobName({ name: 'telco-churn' }, { key: keyOf('a'), attempt: 1, startedAtMs: candidate.startedAtMs });
  const old = inspectJobName({ name: 'telco-churn' }, { key: keyOf('a'), attempt: 2, startedAtMs: candidate.startedAtMs });
  const look = (...names: readonly string[]) => readable(observe(model({ status }), { ...none, jobs: names.map((each) => job(each)), pods: names.map(reported) }, NOW_MS)).facts.inspectionJob.state;
  expect(look(old)).toBe('Absent');
  expect(look(old, name)).toBe('Finished');
});

describe('what cannot be read', () => {
  test.each<{ name: string; over: Parameters<typeof model>[0]; part: 'spec' | 'status'; problem: string }>([
    { name: 'a spec that predates the schema', over: { spec: { model: { repository: REPOSITORY } } }, part: 'spec', problem: 'spec.model.version: Invalid input: expected string, received undefined.' },
    { name: 'a status of another schema', over: { status: { stable: { version: 7 } } }, part: 'status', problem: 'status.stable.repository: Invalid input: expected string, received undefined. Is the CRD older than the operator?' },
  ])('$name', ({ over, part, problem }) => {
    const observation = observe(model(over), none, NOW_MS);
    expect(observation).toMatchObject({ readable: false, generation: 3, part, problem });
  });
});
