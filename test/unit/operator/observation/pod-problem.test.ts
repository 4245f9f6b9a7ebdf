import { describe, expect, test } from '@jest/globals';
import { podProblem } from '../../../../operator/observation/pod-problem.ts';
import type { PodProblem } from '../../../../operator/rollout/facts.ts';
import { ended, failure, pod, READY_STATUS } from './objects.ts';

const backOff = { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 20s' } };
const AGAIN = ' The kubelet tries again by itself, backing off up to 5 minutes.';

function looping(message: string | undefined, exitCode = 1): object {
  return { phase: 'Pending', initContainerStatuses: [{ name: 'pull', restartCount: 3, state: backOff, lastState: { terminated: { exitCode, reason: 'Error', message } } }] };
}

describe('why a pod does not become ready', () => {
  test.each<{ name: string; status: object | undefined; expected: PodProblem | undefined }>([
    { name: 'just born', status: undefined, expected: undefined },
    { name: 'ready', status: READY_STATUS, expected: undefined },
    { name: 'images are pulled', status: { initContainerStatuses: [{ name: 'pull', state: { waiting: { reason: 'PodInitializing' } } }] }, expected: undefined },
    { name: 'pull is done', status: { initContainerStatuses: [ended('pull', 0, undefined)] }, expected: undefined },
    { name: 'the store is away, between two tries', status: looping(failure('StoreUnreachable', 'no answer.')), expected: { code: 'StoreUnreachable', message: `no answer.${AGAIN}`, outside: true } },
    {
      name: 'the store was away, the next try runs',
      status: { initContainerStatuses: [{ name: 'pull', state: { running: {} }, lastState: { terminated: { exitCode: 1, message: failure('StoreUnreachable', 'no answer.') } } }] },
      expected: { code: 'StoreUnreachable', message: `no answer.${AGAIN}`, outside: true },
    },
    {
      name: 'the store is away, and the try has just ended',
      status: { initContainerStatuses: [ended('pull', 1, failure('StoreUnreachable', 'no answer.'))] },
      expected: { code: 'StoreUnreachable', message: `no answer.${AGAIN}`, outside: true },
    },
    {
      name: 'a volume claim that is not there',
      status: { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes are available: persistentvolumeclaim "models" not found. not found. preemption: 0/1' }] },
      expected: { code: 'VolumeClaimNotFound', message: 'PersistentVolumeClaim models does not exist in this namespace: create it, or correct spec.storage.volumeClaim.', outside: true },
    },
    {
      name: 'a volume claim that waits for a volume',
      status: { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: 0/1' }] },
      expected: { code: 'VolumeClaimUnbound', message: 'The volume claim is not bound: no volume fits it yet; see kubectl describe pvc.', outside: true },
    },
    { name: 'the card changed', status: looping(failure('CardChanged', 'not the one inspected.')), expected: { code: 'CardChanged', message: `not the one inspected.${AGAIN}`, outside: true } },
    { name: 'a file changed', status: looping(failure('DigestMismatch', 'model.onnx differs.')), expected: { code: 'DigestMismatch', message: `model.onnx differs.${AGAIN}`, outside: true } },
    { name: 'the graph is wrong: nothing outside helps', status: looping(failure('GoldenMismatch', '3 rows differ.')), expected: { code: 'GoldenMismatch', message: `3 rows differ.${AGAIN}`, outside: false } },
    { name: 'a code we do not know', status: looping(failure('Novel', 'hm.')), expected: { code: 'Novel', message: `hm.${AGAIN}`, outside: false } },
    {
      name: 'no report: the exit code',
      status: looping(undefined, 137),
      expected: { code: 'Error', message: `container pull ended with exit code 137 (3 restarts); see kubectl logs.${AGAIN}`, outside: false },
    },
    { name: 'a message that is no report', status: looping('{"kind":'), expected: { code: 'Error', message: `container pull ended with exit code 1 (3 restarts); see kubectl logs.${AGAIN}`, outside: false } },
    {
      name: 'the Secret is missing',
      status: { initContainerStatuses: [{ name: 'pull', state: { waiting: { reason: 'CreateContainerConfigError', message: 'secret "s" not found' } } }] },
      expected: { code: 'CreateContainerConfigError', message: 'container pull: secret "s" not found', outside: true },
    },
    { name: 'the image is not there', status: { containerStatuses: [{ name: 'serve', state: { waiting: { reason: 'ImagePullBackOff' } } }] }, expected: { code: 'ImagePullBackOff', message: 'container serve: ImagePullBackOff', outside: true } },
    ...[
      { reason: 'ErrImagePull', message: 'manifest unknown' },
      { reason: 'ImagePullBackOff', message: 'Back-off pulling image "registry.test/server:2": ErrImagePull: manifest unknown' },
    ].map((waiting) => ({
      name: `an image that is not there, told in turns: ${waiting.reason}`,
      status: { containerStatuses: [{ name: 'serve', state: { waiting } }] },
      expected: { code: 'ImagePullBackOff', message: 'container serve: manifest unknown', outside: true },
    })),
    { name: 'an image name that cannot be', status: { containerStatuses: [{ name: 'serve', state: { waiting: { reason: 'InvalidImageName' } } }] }, expected: { code: 'InvalidImageName', message: 'container serve: InvalidImageName', outside: true } },
    {
      name: 'too little memory: the spec can cure it',
      status: { containerStatuses: [{ name: 'serve', state: { terminated: { exitCode: 137, reason: 'OOMKilled' } } }] },
      expected: { code: 'OOMKilled', message: `container serve needs more memory: raise spec.serving.resources.limits.memory.${AGAIN}`, outside: true },
    },
    {
      name: 'no node fits',
      status: { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes are available' }] },
      expected: { code: 'Unschedulable', message: '0/1 nodes are available', outside: true },
    },
    { name: 'evicted', status: { phase: 'Failed', reason: 'Evicted', message: 'low on memory' }, expected: { code: 'Evicted', message: 'low on memory', outside: true } },
  ])('$name', ({ status, expected }) => expect(podProblem(pod('p', { hash: '00000000', ...(status === undefined ? {} : { status }) }))).toEqual(expected));

  test('a long message is cut, not what follows it', () => {
    const message = podProblem(pod('p', { status: looping(failure('FileMissing', 'x'.repeat(1000))) }))?.message;
    expect(message).toBe(`${'x'.repeat(497 - AGAIN.length)}...${AGAIN}`);
  });

  test('a container that is not started again is not said to be', () => {
    const made = pod('p', { job: 'j', status: { containerStatuses: [ended('inspect', 1, failure('StoreUnreachable', 'no answer.'))] } });
    expect(podProblem({ ...made, spec: { restartPolicy: 'Never' } })).toEqual({ code: 'StoreUnreachable', message: 'no answer.', outside: true });
  });
});
