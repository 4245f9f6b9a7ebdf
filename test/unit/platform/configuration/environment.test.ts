import { expect, test } from '@jest/globals';
import { ServeEnvironment } from '../../../../contracts/pod-environment.ts';
import { parseEnvironment } from '../../../../platform/configuration/environment.ts';

const good = { CHURNOPS_NAMESPACE: 'n', CHURNOPS_MODEL: 'm', CHURNOPS_VERSION: 'v', CHURNOPS_PACKAGE_DIGEST: 'd', CHURNOPS_CANDIDATE_HASH: 'h' };

test('fills in defaults; an empty variable is an unset one', () => {
  expect(parseEnvironment(ServeEnvironment, { ...good, CHURNOPS_DECISION_THRESHOLD: '', HOME: '/' })).toEqual({
    ...good,
    CHURNOPS_LOG_LEVEL: 'info',
    CHURNOPS_JOURNAL_SAMPLE_PERCENT: 100,
    CHURNOPS_JOURNAL_FEATURES: true,
    CHURNOPS_JOURNAL_REDACT: [],
  });
  expect(parseEnvironment(ServeEnvironment, { ...good, CHURNOPS_DECISION_THRESHOLD: '0.3' }).CHURNOPS_DECISION_THRESHOLD).toBe(0.3);
});

test('names every variable that is missing or wrong, never its value', () => {
  const { CHURNOPS_MODEL: _model, ...rest } = good;
  expect(() => parseEnvironment(ServeEnvironment, { ...rest, CHURNOPS_DECISION_THRESHOLD: '1.7' })).toThrow(
    expect.objectContaining({ code: 'ConfigurationInvalid', message: expect.stringMatching(/^Environment: CHURNOPS_MODEL is not set; CHURNOPS_DECISION_THRESHOLD: (?!.*1\.7)/) }),
  );
});

test.each([{ CHURNOPS_EXPERIMENT_NAME: 'q4' }, { CHURNOPS_EXPERIMENT_CONTROL_PERCENT: '10' }])('half an experiment is none: %j', (half) => {
  expect(() => parseEnvironment(ServeEnvironment, { ...good, ...half })).toThrow(
    expect.objectContaining({ code: 'ConfigurationInvalid', message: 'Environment: CHURNOPS_EXPERIMENT_CONTROL_PERCENT: set CHURNOPS_EXPERIMENT_NAME and CHURNOPS_EXPERIMENT_CONTROL_PERCENT, or neither' }),
  );
});

test.each([
  { variable: 'CHURNOPS_JOURNAL_SAMPLE_PERCENT', given: '12.5', read: 12.5 },
  { variable: 'CHURNOPS_JOURNAL_SAMPLE_PERCENT', given: '101', read: undefined },
  { variable: 'CHURNOPS_JOURNAL_FEATURES', given: 'false', read: false },
  { variable: 'CHURNOPS_JOURNAL_FEATURES', given: 'no', read: undefined },
  { variable: 'CHURNOPS_JOURNAL_REDACT', given: '["Phone","a, b"]', read: ['Phone', 'a, b'] },
  { variable: 'CHURNOPS_JOURNAL_REDACT', given: 'Phone', read: undefined },
  { variable: 'CHURNOPS_POD', given: 'telco-churn-3f9a1c2e-7d4-x2x', read: 'telco-churn-3f9a1c2e-7d4-x2x' },
  { variable: 'CHURNOPS_POD', given: '../other', read: undefined },
])('$variable=$given is $read', ({ variable, given, read }) => {
  const parsed = (): unknown => Reflect.get(parseEnvironment(ServeEnvironment, { ...good, [variable]: given }), variable);
  if (read === undefined) expect(parsed).toThrow(expect.objectContaining({ code: 'ConfigurationInvalid', message: expect.stringContaining(variable) }));
  else expect(parsed()).toEqual(read);
});
