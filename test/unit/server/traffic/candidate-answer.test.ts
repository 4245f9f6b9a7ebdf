import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { CandidateAbsence } from '../../../../contracts/traffic.ts';
import { handlerSeconds, isItsFault, readCandidateAnswer, serverTiming } from '../../../../server/traffic/candidate-answer.ts';
import { CANDIDATE } from './policy.ts';

const identity = { version: 'v2', hash: CANDIDATE };
const row = { id: 'x', probability: 0.71, decision: true, label: 'Yes', version: 'v2', role: 'stable' };
const score = { version: 'v2', hash: CANDIDATE, probability: 0.71, decision: true, label: 'Yes' };

function read(json: unknown, { status = 200, rows = 1 } = {}) {
  return readCandidateAnswer(status, Buffer.from(typeof json === 'string' ? json : JSON.stringify(json)), rows, identity);
}

test('scores in the order of the rows', () => {
  expect(read({ predictions: [row, { ...row, probability: 0, decision: false, label: 'No' }], model: {} }, { rows: 2 })).toEqual([score, { ...score, probability: 0, decision: false, label: 'No' }]);
});

test.each([
  { name: 'a refusal', status: 422, json: { error: {} }, absence: 'Refused' },
  { name: 'another model', status: 404, json: {}, absence: 'Refused' },
  { name: 'a failure', status: 500, json: {}, absence: 'Failed' },
  { name: 'an overload', status: 503, json: {}, absence: 'Failed' },
  { name: 'a redirection', status: 302, json: { predictions: [row] }, absence: 'InvalidAnswer' },
  { name: 'no content', status: 204, json: '', absence: 'InvalidAnswer' },
  { name: 'no JSON', json: '<html>', absence: 'InvalidAnswer' },
  { name: 'half of it', json: JSON.stringify({ predictions: [row] }).slice(0, -9), absence: 'InvalidAnswer' },
  { name: 'null', json: 'null', absence: 'InvalidAnswer' },
  { name: 'no predictions', json: {}, absence: 'InvalidAnswer' },
  { name: 'a row too few', json: { predictions: [] }, absence: 'InvalidAnswer' },
  { name: 'a row too many', json: { predictions: [row, row] }, absence: 'InvalidAnswer' },
  { name: 'a row that is none', json: { predictions: [null] }, absence: 'InvalidAnswer' },
  { name: 'another version', json: { predictions: [{ ...row, version: 'v3' }] }, absence: 'InvalidAnswer' },
  { name: 'a probability above 1', json: { predictions: [{ ...row, probability: 1.01 }] }, absence: 'InvalidAnswer' },
  { name: 'a probability as text', json: { predictions: [{ ...row, probability: '0.7' }] }, absence: 'InvalidAnswer' },
  { name: 'no probability', json: { predictions: [{ ...row, probability: null }] }, absence: 'InvalidAnswer' },
  { name: 'a decision that is withheld', json: { predictions: [{ ...row, decision: null }] }, absence: 'InvalidAnswer' },
  { name: 'no label', json: { predictions: [{ ...row, label: null }] }, absence: 'InvalidAnswer' },
])('$name: $absence', ({ json, status = 200, absence }) => expect(read(json, { status })).toBe(absence));

test('whatever it says, there is a score for each row or none at all', () => {
  const json = fc.oneof(fc.json(), fc.array(fc.oneof(fc.jsonValue(), fc.constant(row)), { maxLength: 3 }).map((predictions) => JSON.stringify({ predictions })));
  fc.assert(
    fc.property(json, fc.integer({ min: 1, max: 3 }), (text, rows) => {
      const scores = read(text, { rows });
      if (typeof scores === 'string') return;
      expect(scores).toHaveLength(rows);
      for (const each of scores) expect(each).toEqual(score);
    }),
  );
});

test.each<{ header: string | readonly string[] | undefined; seconds: number | undefined }>([
  { header: 'handler;dur=0.412', seconds: 0.000412 },
  { header: 'cache;desc="miss", handler; dur=12', seconds: 0.012 },
  { header: ['cache', 'handler;dur=1.5;desc=x'], seconds: 0.0015 },
  { header: 'nohandler;dur=3', seconds: undefined },
  { header: 'handler;dur=-3', seconds: undefined },
  { header: 'handler', seconds: undefined },
  { header: undefined, seconds: undefined },
])('$header tells $seconds s', ({ header, seconds }) => expect(handlerSeconds(header)).toBe(seconds));

test('what is written is what is read', () => expect(handlerSeconds(serverTiming(0.0123456))).toBeCloseTo(0.012346, 9));

test('the last five absences are the candidate\'s fault', () => {
  expect(CandidateAbsence.options.filter(isItsFault)).toEqual(CandidateAbsence.options.slice(-5));
});
