import { describe, expect, test } from '@jest/globals';
import type { z } from 'zod';
import { ChurnModelSpec } from '../../../../contracts/churn-model/spec.ts';
import { fieldsWithoutEffect, promotionNote } from '../../../../operator/status/spec-honoured.ts';
import { REPOSITORY } from '../rollout/builders.ts';

type SpecText = z.input<typeof ChurnModelSpec>;

const minimal: SpecText = { model: { repository: REPOSITORY, version: 'a' } };
const store = 's3://churn/x/';

/** Every field that nothing acts on yet, set; a row goes when the work that brings it to life lands. */
const rows: readonly Readonly<{ field: string; spec: Partial<SpecText> }>[] = [

  { field: 'spec.storage.credentials.training', spec: { storage: { credentials: { training: { secretRef: { name: 's' } } } } } },
  { field: 'spec.storage.credentials.training', spec: { storage: { credentials: { training: { serviceAccountName: 's' } } } } },
  { field: 'spec.serving.expose', spec: { serving: { expose: { parentRefs: [] } } } },
  { field: 'spec.serving.auth', spec: { serving: { auth: 'Token' } } },
  { field: 'spec.rollout.shadow (without spec.rollout.gate)', spec: { rollout: { shadow: {} } } },
  { field: 'spec.rollout.gate for a first version (it has no stable version beside it)', spec: { rollout: { gate: { labels: 'Replay', replay: { dataset: store } } } } },
  { field: 'spec.rollout.supersede', spec: { rollout: { supersede: 'AfterDecision' } } },
  { field: 'spec.rollout.suspend (holds only the looks for a newer version)', spec: { rollout: { suspend: true } } },
  { field: 'spec.retraining', spec: { retraining: { schedule: '@daily', dataset: store, recipe: { configMap: 'r' } } } },
  { field: 'spec.monitoring', spec: { monitoring: {} } },

  { field: 'spec.batch', spec: { batch: [{ name: 'weekly', schedule: '@weekly', input: store, output: 's3://churn/y/' }] } },
];

describe('fields without effect yet', () => {
  test.each(rows)('$field', ({ field, spec }) => expect(fieldsWithoutEffect(ChurnModelSpec.parse({ ...minimal, ...spec }))).toEqual([field]));

  test.each<{ name: string; spec: Partial<SpecText> }>([
    { name: 'the ten-line manifest', spec: {} },
    { name: 'journal and labels', spec: { journal: { samplePercent: 10, redact: ['phone'] }, labels: { horizon: '24h', import: { prefix: store, idColumn: 'id', outcomeColumn: 'churn' } } } },
    { name: 'what is honoured', spec: { serving: { autoscaling: { minReplicas: 2, maxReplicas: 4 }, decisionThreshold: 0.4, scheduling: { nodeSelector: { a: 'b' } } }, rollout: { offline: { minAUC: 0.8 }, rollbackWindow: '1h' }, storage: { endpoint: 'http://s3:7070', credentials: { serving: { secretRef: { name: 's' } } } } } },
    { name: 'defaults that mean off', spec: { serving: { auth: 'None' }, rollout: { suspend: false, supersede: 'Immediate' }, batch: [] } },
  ])('none in $name', ({ spec }) => expect(fieldsWithoutEffect(ChurnModelSpec.parse({ ...minimal, ...spec }))).toEqual([]));

  test('the steps of a canary', () => {
    const spec = ChurnModelSpec.parse({ ...minimal, rollout: { canary: { steps: [{ weight: 5, duration: '10m' }] } } });
    expect(fieldsWithoutEffect(spec)).toEqual(['spec.rollout.canary.steps', 'spec.rollout.canary.maxLatencyRatio']);
  });

  test('the deadline of a shadow that has a gate', () => {
    const spec = ChurnModelSpec.parse({ ...minimal, rollout: { shadow: { deadline: '1000h' }, gate: { labels: 'Feedback' } } });
    expect(fieldsWithoutEffect(spec)).toEqual(['spec.rollout.shadow.minDuration', 'spec.rollout.shadow.deadline', 'spec.rollout.shadow.onDeadline', 'spec.rollout.gate for a first version (it has no stable version beside it)']);
  });

  test.each([
    { name: 'nothing newer is looked for while a candidate is in Shadow', model: 'latest', supersede: undefined, named: true },
    { name: 'but where it may be overtaken', model: 'latest', supersede: 'Immediate' as const, named: false },
    { name: 'a pinned version is never looked for', model: '20261101-0300', supersede: undefined, named: false },
  ])('latest with a gate: $name', ({ model, supersede, named }) => {
    const spec = ChurnModelSpec.parse({ ...minimal, model: { ...minimal.model, version: model }, rollout: { gate: { labels: 'Feedback' }, supersede } });
    expect(fieldsWithoutEffect(spec).some((field) => field.startsWith('spec.model.pollInterval'))).toBe(named);
  });

  test.each([
    { name: 'with a gate', rollout: { gate: { labels: 'Feedback' as const } }, said: 'stays in Shadow, whatever its gate says' },
    { name: 'without', rollout: {}, said: 'takes over as soon as its pods are ready' },
  ])('what becomes of a new version $name', ({ rollout, said }) => expect(promotionNote(ChurnModelSpec.parse({ ...minimal, rollout }))).toContain(said));

  test('every part of the spec is either honoured or named', () => {
    const honoured = new Set(['model', 'storage', 'serving', 'rollout', 'retention', 'experiment', 'journal', 'labels']);
    const named = new Set(rows.map(({ field }) => field.split('.')[1]));
    expect(Object.keys(ChurnModelSpec.shape).filter((part) => !honoured.has(part) && !named.has(part))).toEqual([]);
  });
});
