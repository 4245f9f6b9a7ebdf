import { expect, test } from '@jest/globals';
import { ServeEnvironment } from '../../../../contracts/pod-environment.ts';
import { parseEnvironment } from '../../../../platform/configuration/environment.ts';

const good = { CHURNOPS_NAMESPACE: 'n', CHURNOPS_MODEL: 'm', CHURNOPS_VERSION: 'v', CHURNOPS_PACKAGE_DIGEST: 'd', CHURNOPS_CANDIDATE_HASH: 'h' };

test('fills in defaults; an empty variable is an unset one', () => {
  expect(parseEnvironment(ServeEnvironment, { ...good, CHURNOPS_DECISION_THRESHOLD: '', HOME: '/' })).toEqual({ ...good, CHURNOPS_LOG_LEVEL: 'info' });
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
