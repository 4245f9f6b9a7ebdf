import { expect, test } from '@jest/globals';
import { PODS, SEEN_JOBS } from '../../../../operator/observation/kinds.ts';

const metadata = { name: 'p', namespace: 'n', uid: 'u', resourceVersion: '1', labels: { a: 'b' } };
const condition = { type: 'Ready', status: 'True', lastTransitionTime: '2026-11-21T07:00:00Z' };

test('of a pod only what is read is kept: a thousand models have thousands of them', () => {
  const status = { phase: 'Running', conditions: [condition], initContainerStatuses: [], containerStatuses: [{ name: 'serve', ready: true, restartCount: 0, state: { running: { startedAt: '2026-11-21T07:00:00Z' } }, lastState: {} }] };
  const stored = {
    apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, managedFields: [{ manager: 'kubelet' }] },
    spec: { restartPolicy: 'Always', containers: [{ name: 'serve', image: 'i' }], volumes: [{ name: 'v' }] },
    status: { ...status, podIP: '10.0.0.1', qosClass: 'Burstable', containerStatuses: status.containerStatuses.map((each) => ({ ...each, image: 'i', imageID: 'i', allocatedResources: {} })) },
  };
  expect(PODS.schema.parse(stored)).toEqual({ apiVersion: 'v1', kind: 'Pod', metadata, spec: { restartPolicy: 'Always' }, status: { ...status, podIP: '10.0.0.1' } });
});

test('of a Job that is followed the template is not kept', () => {
  const stored = { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: { template: { spec: {} } }, status: { conditions: [{ ...condition, type: 'Complete' }], succeeded: 1 } };
  expect(SEEN_JOBS.schema.parse(stored)).toEqual({ apiVersion: 'batch/v1', kind: 'Job', metadata, spec: {}, status: { conditions: [{ ...condition, type: 'Complete' }] } });
});
