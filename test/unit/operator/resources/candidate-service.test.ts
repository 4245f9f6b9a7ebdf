import { describe, expect, test } from '@jest/globals';
import { candidateServices } from '../../../../operator/resources/candidate-service.ts';
import { identity } from '../rollout/builders.ts';
import { subject } from './pod-spec.ts';

describe("the candidate's Service", () => {
  test('finds its pods by name, each of them', () => {
    expect(candidateServices(subject(), identity('b').hash)).toMatchObject([{
      metadata: { name: 'telco-churn-candidate' },
      spec: { clusterIP: 'None', selector: { 'churnops.dev/model': 'telco-churn', 'churnops.dev/hash': identity('b').hash.slice(0, 8) }, ports: [{ port: 8080, targetPort: 8080 }] },
    }]);
  });
  test('is not there without one', () => expect(candidateServices(subject(), undefined)).toEqual([]));
});
