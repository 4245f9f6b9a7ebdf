import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { ChurnModelSpec } from '../../../../contracts/churn-model/spec.ts';
import { servingDeployment } from '../../../../operator/resources/serving-deployment.ts';
import { CHANGED_ON_PURPOSE, differingPaths } from '../../../e2e/claims/upgrade/changed-on-purpose.ts';

const read = (file: string): unknown => JSON.parse(readFileSync(join(import.meta.dirname, '../../../e2e/previous', file), 'utf8'));
const Specs = z.object({
  settings: z.object({ serverImage: z.string(), imagePullPolicy: z.literal('IfNotPresent'), imagePullSecrets: z.array(z.string()), logLevel: z.literal('info') }),
  identity: z.custom<Parameters<typeof servingDeployment>[2]>((identity) => identity !== undefined),
  specs: z.record(z.string(), ChurnModelSpec),
});
const { settings, identity, specs } = Specs.parse(read('specs.json'));
const templates = z.record(z.string(), z.unknown()).parse(read('templates.json'));
const Template = z.looseObject({ spec: z.looseObject({ template: z.unknown() }) });

// No part of a pod template.
const network = { policies: true, operator: { namespace: 'churnops', podLabels: {} }, monitoringNamespaces: [] };

/** What an upgrade of the operator would change in the pods that the release before made. */
function changes(name: string): readonly string[] {
  const spec = specs[name];
  if (spec === undefined) throw new Error(`there is no spec "${name}"`);
  const deployment = servingDeployment({ name: 'telco-churn', namespace: 'retention', uid: 'uid', annotations: {}, spec }, { ...settings, network }, identity);
  // As JSON, which is how the API server gets it.
  return differingPaths(templates[name], JSON.parse(JSON.stringify(Template.parse(deployment).spec.template)));
}

test.each(Object.keys(specs))('%s: an upgrade from the release before restarts no pod but for changes on purpose (test/e2e/claims/upgrade/changed-on-purpose.ts)', (name) => {
  expect(changes(name).filter((path) => CHANGED_ON_PURPOSE[path] === undefined)).toEqual([]);
});

test('what is said to be changed on purpose is changed', () => {
  const changed = Object.keys(specs).flatMap(changes);
  expect(Object.keys(CHANGED_ON_PURPOSE).filter((path) => !changed.includes(path))).toEqual([]);
});
