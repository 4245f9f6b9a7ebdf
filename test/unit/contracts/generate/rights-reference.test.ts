import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { explainedRules } from '../../../../contracts/generate/rights-reference.ts';

const folder = join(import.meta.dirname, '../../../../charts/churnops/files/rights');
const rules = ['models', 'own-namespace'].flatMap((file) => explainedRules(readFileSync(join(folder, `${file}.yaml`), 'utf8')));

test('every right has a reason', () => {
  expect(rules.filter(({ why }) => why === '')).toEqual([]);
});

test('no wildcard, no right to give rights', () => {
  const words = rules.flatMap(({ rule }) => [...rule.apiGroups, ...rule.resources, ...rule.verbs]);
  const unwanted = ['*', 'configmaps', 'escalate', 'bind', 'impersonate', 'deletecollection', 'rbac.authorization.k8s.io', 'pods/exec', 'serviceaccounts/token'];
  expect(words.filter((word) => unwanted.includes(word))).toEqual([]);
});

test('Secrets by name: none is listed, watched or deleted', () => {
  const verbs = rules.flatMap(({ rule }) => (rule.resources.includes('secrets') ? rule.verbs : []));
  expect(verbs).toEqual(['get', 'create', 'patch']);
});

test('no right is given twice', () => {
  const given = rules.flatMap(({ rule }) => rule.apiGroups.flatMap((group) => rule.resources.flatMap((resource) => rule.verbs.map((verb) => `${verb} ${group}/${resource}`))));
  expect(new Set(given).size).toBe(given.length);
});

test('a rule without a reason is an error', () => {
  expect(() => explainedRules('# a reason\n- { apiGroups: [a], resources: [b], verbs: [c] }\n- { apiGroups: [a], resources: [d], verbs: [c] }\n')).toThrow('no reason');
});
