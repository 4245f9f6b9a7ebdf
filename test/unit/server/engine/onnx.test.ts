/** @jest-environment ./test/unit/server/onnx-environment.cjs */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ModelCard } from '../../../../contracts/model-card.ts';
import { assertParity, compareParity, parityProblems } from '../../../../server/engine/golden-parity.ts';
import { OnnxEngine } from '../../../../server/engine/onnx.ts';
import { tinyCard, tinyGolden, tinyGraph } from '../tiny-package.ts';

let engine: OnnxEngine;
beforeAll(async () => {
  engine = await OnnxEngine.load(tinyGraph, tinyCard);
});
afterAll(async () => engine.close());

test('a number column takes NaN for missing, a category "", and odd strings do no harm', async () => {
  const scores = await engine.score({
    rows: 3,
    columns: [Float32Array.from([Number.NaN, 29, 29]), Float32Array.from([64.5, 64.5, 64.5]), ['', 'Weekly\u0000', '\ud800']],
  });
  expect(new Set(scores).size).toBe(1);
  expect(scores[0]).toBeCloseTo(1 / (1 + Math.exp(-(29 * -0.04 + 64.5 * 0.02 - 0.6))), 6);
});

const [tenure, charges, contract] = tinyCard.inputs;
test.each<{ name: string; graph?: Uint8Array; card?: Partial<ModelCard>; message: string }>([
  { name: 'no graph', graph: new Uint8Array([1, 2, 3]), message: 'onnxruntime cannot load model.onnx' },
  { name: 'an input that the card lacks', card: { inputs: tinyCard.inputs.slice(0, 2) }, message: "the card lacks the graph's inputs Contract" },
  { name: 'an input that the graph lacks', card: { inputs: [...tinyCard.inputs, { name: 'age', type: 'number', missing: { policy: 'Refuse', meaning: '' }, range: { min: 0, max: 1 } }] }, message: 'the graph has no input age' },
  { name: 'another type', card: { inputs: [tenure, charges, contract].flatMap((input) => (input === undefined ? [] : [{ name: input.name, type: 'number', missing: input.missing, range: { min: 0, max: 1 } }])) }, message: "input Contract is string, the card's number needs float32" },
  { name: 'no such output', card: { output: { probabilities: 'p', positiveIndex: 1 } }, message: 'the graph has no output p' },
  { name: 'an output of another type', card: { output: { probabilities: 'label', positiveIndex: 1 } }, message: 'output label is no float tensor' },
])('refuses $name', async ({ graph = tinyGraph, card = {}, message }) => {
  await expect(OnnxEngine.load(graph, { ...tinyCard, ...card })).rejects.toMatchObject({ code: 'GraphInvalid', message: expect.stringContaining(message) });
});

test('reproduces golden rows that were computed in float64 elsewhere', async () => {
  expect(await assertParity(engine, tinyCard, tinyGolden)).toMatchObject({ rows: 500, closeShare: 1, flips: 0 });
});

/** A labelled row whose decision is No: NaN flips nothing there. */
const CALM_ROW = tinyGolden.probabilities.findIndex((p, row) => p < 0.3 && tinyGolden.labels[row] !== null);

function moved(by: (row: number, probability: number) => number) {
  return parityProblems(compareParity(tinyGolden, Float64Array.from(tinyGolden.probabilities, (probability, row) => by(row, probability))));
}

test.each<{ name: string; problems: readonly string[]; by: (row: number, probability: number) => number }>([
  { name: 'equal', by: (_row, p) => p, problems: [] },
  { name: '1 % of the rows off, away from the threshold', by: (row, p) => (row < 5 && Math.abs(p - 0.42) > 0.03 ? p + 0.0001 : p), problems: [] },
  { name: '1.2 % of the rows off', by: (row, p) => (row % 84 === 0 && row < 500 ? p + 0.00002 : p), problems: ['98.8 % are within 0.00001 (99.0 % needed)'] },
  { name: 'one row off by 0.03', by: (row, p) => (row === 7 ? p + 0.03 : p), problems: ['row 7 is off by 0.0300 (0.02 allowed)'] },
  { name: 'no number', by: (row, p) => (row === CALM_ROW ? Number.NaN : p), problems: [`row ${CALM_ROW} is off by Infinity (0.02 allowed)`, 'AUC is off by Infinity (0.0001 allowed)'] },
])('$name', ({ by, problems }) => expect(moved(by).map((text) => text.replace('1e-5', '0.00001'))).toEqual(problems));

test('a decision may flip within 1e-4 of the threshold, not beyond', () => {
  const golden = { ...tinyGolden, probabilities: tinyGolden.probabilities.map((p, row) => (row === 0 ? 0.42005 : row === 1 ? 0.4202 : p)), labels: tinyGolden.labels.map(() => null) };
  const scores = Float64Array.from(golden.probabilities, (p, row) => (row < 2 ? 0.4199 : p));
  expect(parityProblems(compareParity(golden, scores))).toEqual(['1 decisions flip outside 0.0001 round the threshold']);
});

test('golden rows that lack a column are refused', async () => {
  await expect(assertParity(engine, tinyCard, { ...tinyGolden, columns: ['tenure', 'x', 'Contract'] })).rejects.toMatchObject({ code: 'GoldenInvalid' });
});

test('a graph that gives other numbers is refused with the numbers', async () => {
  await expect(assertParity(engine, tinyCard, { ...tinyGolden, probabilities: tinyGolden.probabilities.map((p) => 1 - p) })).rejects.toMatchObject({
    code: 'GoldenMismatch',
    message: expect.stringMatching(/^Of 500 golden rows .* % are within 0\.00001|1e-5/),
  });
});
