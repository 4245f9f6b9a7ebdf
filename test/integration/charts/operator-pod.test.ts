import { expect, test } from '@jest/globals';
import { only, podSpec, rendered, VALUE_SETS, workload } from './helm.ts';

const DEFAULTS = 'default-values.yaml';

test.each(VALUE_SETS)('%s: no Service of the namespace gets into an environment', async (set) => {
  const objects = await rendered(set);
  const pods = [...objects.filter(({ kind }) => kind === 'Deployment').map((object) => workload(object).template.spec), ...objects.filter(({ kind }) => kind === 'Pod').map(podSpec)];
  expect(pods.length).toBeGreaterThan(1);
  for (const pod of pods) expect(pod['enableServiceLinks']).toBe(false);
});

test('volumes of the user\'s are mounted, objects of the user\'s rendered', async () => {
  const objects = await rendered('available-values.yaml');
  const { containers, volumes } = workload(only(objects, 'Deployment')).template.spec;
  expect(volumes).toEqual([{ name: 'kubeconfig', secret: { secretName: 'churnops-kubeconfig' } }]);
  expect(containers[0]?.['volumeMounts']).toEqual([{ name: 'kubeconfig', mountPath: '/etc/churnops', readOnly: true }]);
  expect(only(objects, 'ConfigMap')).toMatchObject({ metadata: { name: 'churnops-owner' }, data: { owner: 'retention' } });
});

test('the operator gets its token whatever its account says', async () => {
  const objects = await rendered(DEFAULTS, '--set', 'serviceAccount.create=false,serviceAccount.name=theirs');
  expect(objects.filter(({ kind }) => kind === 'ServiceAccount')).toEqual([]);
  expect(workload(only(objects, 'Deployment')).template.spec).toMatchObject({ serviceAccountName: 'theirs', automountServiceAccountToken: true });
});
