import { expect, test } from '@jest/globals';
import { judgeAnswer, type Judged } from '../../../e2e/load/answer-check.ts';

const plan = { versions: { v1: 'decent', v2: 'better' }, tolerance: 0.02 };
const sample = { body: '{}', expected: { decent: 0.3, better: 0.6 } };

function answer(version: string, probability: number, model = version, role = 'stable'): string {
  return JSON.stringify({ predictions: [{ id: 'x', probability, decision: true, label: 'Yes', version, role }], model: { name: 'm', version: model } });
}

test.each<{ name: string; status?: number; text: string; expected: Judged }>([
  { name: 'right', text: answer('v1', 0.3), expected: { right: true, version: 'v1' } },
  { name: 'right by the other version', text: answer('v2', 0.6), expected: { right: true, version: 'v2' } },
  { name: 'the score of the other version', text: answer('v1', 0.6), expected: { right: false, error: 'v1 says 0.6, it must say 0.3' } },
  { name: 'a version that may not answer', text: answer('v3', 0.3), expected: { right: false, error: 'answered by v3, which may not answer now' } },
  { name: 'two versions in one answer', text: answer('v1', 0.3, 'v2'), expected: { right: false, error: 'row of v1 in an answer of v2' } },
  { name: 'a row that a pod has from its candidate', text: answer('v2', 0.6, 'v1', 'candidate'), expected: { right: true, version: 'v2' } },
  { name: 'a fallback that is not of the pod', text: answer('v2', 0.6, 'v1', 'fallback'), expected: { right: false, error: 'row of v2 in an answer of v1' } },
  { name: 'an error', status: 503, text: '{"error":{"code":"NotReady"}}', expected: { right: false, error: 'HTTP 503: {"error":{"code":"NotReady"}}' } },
  { name: 'half an answer', text: answer('v1', 0.3).slice(0, 10), expected: { right: false, error: `not an answer: ${answer('v1', 0.3).slice(0, 10)}` } },
  { name: 'no row', text: JSON.stringify({ predictions: [], model: { name: 'm', version: 'v1' } }), expected: { right: false, error: 'not an answer: {"predictions":[],"model":{"name":"m","version":"v1"}}' } },
])('$name', ({ status = 200, text, expected }) => expect(judgeAnswer(status, text, sample, plan)).toEqual(expected));
