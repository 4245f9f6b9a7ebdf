import { expect, test } from '@jest/globals';
import { InferResponse, ModelMetadata } from '../../../../contracts/inference.ts';
import { isWithin } from '../../../../server/traffic/share.ts';
import { infer } from '../http/v2/infer-rig.ts';
import { httpCandidate, scores } from './candidate-server.ts';
import { customer, INFER, stablePod } from './stable-pod.ts';

const experiment = { name: 'q4', controlPercent: 20 };
const names = Array.from({ length: 50 }, (_, index) => `${1000 + index}-CUST`);
const isControl = (name: string): boolean => isWithin(20, 'q4', name);

test('the control group is scored, observed, and told no decision; who names nobody is in no group', async () => {
  const pod = await stablePod({ model: { experiment } });
  const { predictions } = await pod.predict([...names.map((name) => customer(name, 70)), customer(null, 70)]);
  const told = predictions.map(({ probability, decision, label, arm }) => ({ probability, decision, label, arm }));
  const probability = Math.fround(70) / 100;
  expect(told).toEqual([
    ...names.map((name) => (isControl(name) ? { probability, decision: null, label: '', arm: 'control' } : { probability, decision: true, label: 'Yes', arm: 'treatment' })),
    { probability, decision: true, label: 'Yes', arm: undefined },
  ]);
  expect(pod.observed.map(({ own, answered }) => ({ own: own.decision, answered }))).toEqual(
    predictions.map(({ decision, arm }) => ({ own: true, answered: { role: 'stable', decision, arm } })),
  );
});

test('V2 has no null: the group is a tensor of its own, the decision of its control false', async () => {
  const pod = await stablePod({ model: { experiment } });
  const { body } = infer([
    { name: 'tenure', datatype: 'FP32', shape: [50], data: names.map(() => 70) },
    { name: 'customerID', datatype: 'BYTES', shape: [50], data: names },
  ]);
  const { text } = await pod.post(INFER, body);
  const outputs = new Map(InferResponse.parse(JSON.parse(text)).outputs.map(({ name, data }) => [name, data]));
  expect([...outputs.keys()]).toEqual(['probability', 'decision', 'label', 'id', 'version', 'role', 'arm']);
  expect(outputs.get('arm')).toEqual(names.map((name) => (isControl(name) ? 'control' : 'treatment')));
  expect(outputs.get('decision')).toEqual(names.map((name) => !isControl(name)));
  expect(outputs.get('label')).toEqual(names.map((name) => (isControl(name) ? '' : 'Yes')));
  const metadata = ModelMetadata.parse(await (await fetch(`http://127.0.0.1:${pod.port}/v2/models/tiny-churn`)).json());
  expect(metadata.outputs.map(({ name }) => name)).toEqual([...outputs.keys()]);
});

test('without an experiment there are no groups, and no tensor of them', async () => {
  const pod = await stablePod();
  expect((await pod.predict([customer('a', 70)])).predictions[0]).not.toHaveProperty('arm');
  const { status, text } = await pod.post(INFER, infer([{ name: 'tenure', datatype: 'FP32', shape: [1], data: [70] }], { outputs: [{ name: 'arm' }] }).body);
  expect([status, text]).toEqual([400, expect.stringContaining('outputs[0].name is none of probability, decision, label, id, version, role.')]);
});

test('the group holds whoever answers: a row of the candidate is withheld from the control group, too', async () => {
  const candidate = await httpCandidate(scores(0.9));
  const pod = await stablePod({ model: { experiment } });
  await pod.follow(candidate, { percent: 100 });
  const { predictions } = await pod.predict(names.map((name) => customer(name, 10)));
  expect(predictions.map(({ probability, decision, label, version, role, arm }) => ({ probability, decision, label, version, role, arm }))).toEqual(
    names.map((name) => ({ probability: 0.9, decision: isControl(name) ? null : true, label: isControl(name) ? '' : 'leaves', version: 'v2', role: 'candidate', arm: isControl(name) ? 'control' : 'treatment' })),
  );
});

test('another pod is told what it needs to answer its caller: no groups there', async () => {
  const pod = await stablePod({ model: { experiment } });
  const { predictions } = await pod.predict(names.map((name) => customer(name, 70)), { 'x-churnops-hop': 'a'.repeat(64) });
  expect(predictions.every((prediction) => prediction.decision === true && prediction.arm === undefined)).toBe(true);
});
