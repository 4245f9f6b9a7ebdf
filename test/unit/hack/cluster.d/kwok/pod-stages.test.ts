import { expect, test } from '@jest/globals';
import { podStages } from '../../../../../hack/cluster.d/kwok/pod-stages.ts';

const stages = podStages({ 'telco/1': { message: 'a `quoted` word' } });

test('every pod of a fake node has one stage at a time: ready, ended, or gone', () => {
  expect(stages.map(({ metadata }) => metadata.name)).toEqual(['churnops-pod-ready', 'churnops-pod-ready-again', 'churnops-job-pod-ended', 'churnops-pod-gone']);
  expect(JSON.stringify(stages[0]?.spec)).toContain('"operator":"NotIn","values":["Job"]');
  expect(JSON.stringify(stages[2]?.spec)).toContain('"operator":"In","values":["Job"]');
});

test('a back quote in a report does not end the template string that it stands in', () => {
  const template = JSON.stringify(stages[2]?.spec);
  expect(template.match(/`/g)).toHaveLength(2);
  expect(template).toContain(String.raw`\\u0060quoted\\u0060`);
});
