import { expect, test } from '@jest/globals';
import type { Deployment, Pod } from '../../../../operator/observation/kinds.ts';
import { observeVersion } from '../../../../operator/observation/version-pods.ts';
import type { VersionPods } from '../../../../operator/rollout/facts.ts';
import { deployment, pod, READY_STATUS } from './objects.ts';

const HASH = '3f9a1c2e';
const ready = (name: string): Pod => pod(name, { hash: HASH, status: READY_STATUS });
const followed = deployment(HASH, { replicas: 2, generation: 4, status: { observedGeneration: 4, replicas: 2, updatedReplicas: 2, readyReplicas: 2 } });
const unschedulable = { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'no node' }] };
const noImage = { containerStatuses: [{ name: 'serve', state: { waiting: { reason: 'ErrImagePull' } } }] };
const born = (made: Pod, creationTimestamp: string): Pod => ({ ...made, metadata: { ...made.metadata, creationTimestamp } });
const noNode = { code: 'Unschedulable', message: 'no node', outside: true };

test.each<{ name: string; deployment: Deployment | undefined; pods: readonly Pod[]; expected: VersionPods }>([
  { name: 'nothing', deployment: undefined, pods: [], expected: { requested: undefined, ready: 0, readyUpToDate: 0, outdated: 0, problem: undefined } },
  { name: 'all ready', deployment: followed, pods: [ready('a'), ready('b')], expected: { requested: 2, ready: 2, readyUpToDate: 2, outdated: 0, problem: undefined } },
  { name: 'pods of another version do not count', deployment: followed, pods: [ready('a'), pod('b', { hash: '00000000', status: READY_STATUS })], expected: { requested: 2, ready: 1, readyUpToDate: 1, outdated: 0, problem: undefined } },
  { name: 'pods that end do not count', deployment: followed, pods: [ready('a'), pod('b', { hash: HASH, status: READY_STATUS, deleted: true })], expected: { requested: 2, ready: 1, readyUpToDate: 1, outdated: 0, problem: undefined } },
  {
    name: 'the Deployment controller has not seen the newest template: nothing is up to date',
    deployment: deployment(HASH, { replicas: 2, generation: 5, status: { observedGeneration: 4, replicas: 2, updatedReplicas: 2, readyReplicas: 2 } }),
    pods: [ready('a'), ready('b')],
    expected: { requested: 2, ready: 2, readyUpToDate: 0, outdated: 0, problem: undefined },
  },
  {
    name: 'half of the pods are of the newest template',
    deployment: deployment(HASH, { replicas: 2, status: { observedGeneration: 1, replicas: 2, updatedReplicas: 1, readyReplicas: 2 } }),
    pods: [ready('a'), ready('b')],
    expected: { requested: 2, ready: 2, readyUpToDate: 1, outdated: 1, problem: undefined },
  },
  {
    name: 'ready pods of a model of the same name before this one, which the garbage collector has not reached yet, are not its own',
    deployment: deployment(HASH, { replicas: 2, status: { observedGeneration: 1, replicas: 2, updatedReplicas: 2, readyReplicas: 0 } }),
    pods: [ready('a'), ready('b')],
    expected: { requested: 2, ready: 2, readyUpToDate: 0, outdated: 0, problem: undefined },
  },
  { name: 'no status yet', deployment: deployment(HASH, {}), pods: [], expected: { requested: 1, ready: 0, readyUpToDate: 0, outdated: 0, problem: undefined } },
  { name: 'one fails', deployment: followed, pods: [ready('a'), pod('b', { hash: HASH, status: unschedulable })], expected: { requested: 2, ready: 1, readyUpToDate: 1, outdated: 0, problem: noNode } },
  {
    name: 'while a template is replaced, the newest pod tells',
    deployment: followed,
    pods: [born(pod('a', { hash: HASH, status: unschedulable }), '2026-11-21T10:00:00Z'), born(pod('b', { hash: HASH, status: noImage }), '2026-11-21T10:00:05Z')],
    expected: { requested: 2, ready: 0, readyUpToDate: 0, outdated: 0, problem: { code: 'ImagePullBackOff', message: 'container serve: ErrImagePull', outside: true } },
  },
  ...[['a', 'b'], ['b', 'a']].map(([waiting = '', started = '']) => ({
    name: `of two pods born in one second the one that has a node tells, ${waiting} before ${started}`,
    deployment: followed,
    pods: [pod(waiting, { hash: HASH, status: unschedulable }), pod(started, { hash: HASH, status: { ...noImage, conditions: [{ type: 'PodScheduled', status: 'True' }] } })].map((made) => born(made, '2026-11-21T10:00:00Z')),
    expected: { requested: 2, ready: 0, readyUpToDate: 0, outdated: 0, problem: { code: 'ImagePullBackOff', message: 'container serve: ErrImagePull', outside: true } },
  })),
  {
    name: 'no pod fails, and none gets ready either: the Deployment controller gave up waiting',
    deployment: deployment(HASH, { replicas: 2, status: { observedGeneration: 1, replicas: 3, updatedReplicas: 1, readyReplicas: 2, conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'timed out progressing' }] } }),
    pods: [ready('a'), ready('b')],
    expected: { requested: 2, ready: 2, readyUpToDate: 1, outdated: 2, problem: { code: 'ProgressDeadlineExceeded', message: 'timed out progressing', outside: false } },
  },
  {
    name: 'pods are refused',
    deployment: deployment(HASH, { replicas: 2, status: { observedGeneration: 1, conditions: [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'exceeded quota' }] } }),
    pods: [],
    expected: { requested: 2, ready: 0, readyUpToDate: 0, outdated: 0, problem: { code: 'FailedCreate', message: 'exceeded quota', outside: true } },
  },
])('$name', ({ deployment, pods, expected }) => expect(observeVersion(HASH, deployment, pods)).toEqual(expected));
