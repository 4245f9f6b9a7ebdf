import { expect, test } from '@jest/globals';
import { ChurnModelSpec } from '../../../../contracts/churn-model/spec.ts';
import { ANNOTATIONS } from '../../../../contracts/names.ts';
import { servingDeployment } from '../../../../operator/resources/serving-deployment.ts';
import { readVersionRecord, versionRecord } from '../../../../operator/resources/version-record.ts';
import { identity, REPOSITORY } from '../rollout/builders.ts';
import { operatorSettings } from './operator-settings.ts';

const short = (version: string): string => identity(version).hash.slice(0, 8);

test.each([
  { name: 'as inspected', of: identity('a') },
  { name: 'asked for as latest: that is found out again', of: identity('a', { requested: 'latest' }) },
  { name: 'without a test AUC', of: identity('a', { testAUC: undefined }) },
])('what a Deployment says of its version, $name', ({ of }) => {
  const { metadata } = servingDeployment({ name: 'telco-churn', namespace: 'retention', uid: 'u', spec: ChurnModelSpec.parse({ model: { repository: REPOSITORY, version: 'a' } }), annotations: {} }, operatorSettings(), of);
  expect(readVersionRecord(metadata.annotations, short('a'))).toEqual({ ...of, requested: 'a' });
});

const { [ANNOTATIONS.identity]: text = '' } = versionRecord(identity('a'));
test.each([
  { name: 'a Deployment of an older release', annotations: { [ANNOTATIONS.version]: 'a' }, hash: short('a') },
  { name: 'without annotations', annotations: undefined, hash: short('a') },
  { name: 'no JSON', annotations: { [ANNOTATIONS.identity]: text.slice(1) }, hash: short('a') },
  { name: 'of another Deployment', annotations: { [ANNOTATIONS.identity]: text }, hash: short('b') },
  { name: 'a column that is not the one of the hash', annotations: { [ANNOTATIONS.identity]: text.replace('customerID', 'id') }, hash: short('a') },
  { name: 'a field is missing', annotations: { [ANNOTATIONS.identity]: JSON.stringify({ ...JSON.parse(text), repository: undefined }) }, hash: short('a') },
])('nothing is known from $name', ({ annotations, hash }) => expect(readVersionRecord(annotations, hash)).toBeUndefined());
