import { describe, expect, test } from '@jest/globals';
import { EvaluationRequest } from '../../../contracts/evaluation-request.ts';
import { EvaluateEnvironment } from '../../../contracts/pod-environment.ts';
import { parseEnvironment } from '../../../platform/configuration/environment.ts';

const version = { repository: 's3://churn/models/telco-churn', version: 'v1', digest: 'a'.repeat(64), hash: 'b'.repeat(64) };
const gate = { labels: 'Feedback', mode: 'Anytime', minAUC: 0.8, confidence: 0.95, maxRegression: 0.02, minPositives: 50, minNegatives: 50 };
const feedback = { schemaVersion: 1, kind: 'Candidate', candidate: version, stable: version, gate, since: '2026-11-21T07:00:00Z', horizonMs: 2_592_000_000, population: 'All' };
const replay = { ...feedback, gate: { ...gate, labels: 'Replay', mode: 'LowerBound' }, replay: { dataset: 's3://churn/holdouts/telco-churn/labelled.csv', candidateAddress: 'telco-churn-candidate.retention:8080', stableAddress: 'telco-churn.retention:80' } };

function problemOf(request: unknown): string {
  const parsed = EvaluationRequest.safeParse(request);
  return parsed.success ? '' : `${parsed.error.issues[0]?.path.join('.')}: ${parsed.error.issues[0]?.message}`;
}

test.each([{ request: feedback }, { request: replay }])('$request.gate.labels is taken', ({ request }) => expect(EvaluationRequest.parse(request)).toEqual(request));

describe('what cannot be asked is told by its field', () => {
  const { stable: _stable, ...alone } = feedback;
  const { since: _since, ...endless } = feedback;
  const { replay: _replay, ...nowhere } = replay;
  test.each<{ name: string; request: unknown; problem: string }>([
    { name: 'Feedback for a first version', request: alone, problem: 'since: labels: Feedback needs since and stable' },
    { name: 'Feedback since nobody knows when', request: endless, problem: 'since: labels: Feedback needs since and stable' },
    { name: 'Replay of nothing', request: nowhere, problem: 'replay: labels: Replay needs replay, with stableAddress where there is a stable version and only there' },
    { name: 'Replay past stable', request: { ...replay, replay: { ...replay.replay, stableAddress: undefined } }, problem: 'replay: labels: Replay needs replay, with stableAddress where there is a stable version and only there' },
    { name: 'Replay at any time', request: { ...replay, gate: { ...replay.gate, mode: 'Anytime' } }, problem: 'gate.mode: Replay looks once: LowerBound or Point' },
    { name: 'a gate that leaves something open', request: { ...feedback, gate: { ...gate, minAUC: undefined } }, problem: 'gate.minAUC: Invalid input: expected number, received undefined' },
    { name: 'an address without a port', request: { ...replay, replay: { ...replay.replay, candidateAddress: 'telco-churn' } }, problem: 'replay.candidateAddress: write host:port' },
  ])('$name', ({ request, problem }) => expect(problemOf(request)).toBe(problem));
});

test('the environment names the field that is wrong, and not its value', () => {
  const environment = { CHURNOPS_NAMESPACE: 'retention', CHURNOPS_MODEL: 'telco-churn', CHURNOPS_REPOSITORY: version.repository };
  expect(parseEnvironment(EvaluateEnvironment, { ...environment, CHURNOPS_EVALUATION: JSON.stringify(feedback) }).CHURNOPS_EVALUATION).toEqual(feedback);
  const parse = (text: string) => () => parseEnvironment(EvaluateEnvironment, { ...environment, CHURNOPS_EVALUATION: text });
  expect(parse('{')).toThrow('CHURNOPS_EVALUATION: is no EvaluationRequest: (root): Invalid input');
  expect(parse(JSON.stringify({ ...feedback, horizonMs: 'secret' }))).toThrow('CHURNOPS_EVALUATION: is no EvaluationRequest: horizonMs: Invalid input: expected number, received string');
});
