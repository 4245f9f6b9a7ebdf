/** @jest-environment ./test/unit/server/onnx-environment.cjs */
import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { PredictResponse } from '../../../../contracts/prediction.ts';
import { PredictionWriter } from '../../../../server/http/prediction-writer.ts';
import { anyText } from '../../../any-text.ts';

test('the text is what JSON.stringify would give, for any names and scores', () => {
  const name = anyText();
  const probability = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(name, name, name, name, probability, fc.array(probability, { minLength: 1, maxLength: 5 }), (model, version, negative, positive, threshold, scores) => {
      const text = new PredictionWriter({ model, version, role: 'stable', threshold, labels: { negative, positive }, nextId: randomUUID }).write(Float64Array.from(scores), 0, scores.length);
      const parsed = PredictResponse.parse(JSON.parse(text));
      expect(JSON.stringify(parsed)).toBe(text);
      expect(parsed.predictions.map(({ probability, decision, label }) => ({ probability, decision, label }))).toEqual(
        scores.map((score) => ({ probability: score + 0, decision: score >= threshold, label: score >= threshold ? positive : negative })),
      );
    }),
  );
});
