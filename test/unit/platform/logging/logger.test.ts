import { expect, test } from '@jest/globals';
import { ChurnOpsError } from '../../../../contracts/error-catalogue.ts';
import { createLogger, loggedError } from '../../../../platform/logging/logger.ts';

function lines() {
  const kept: string[] = [];
  return { kept, logger: createLogger({ level: 'info', fields: { model: 'm' }, destination: { write: (line) => kept.push(line) } }) };
}

test('one JSON object a line, level as a word, time in RFC 3339', () => {
  const { kept, logger } = lines();
  logger.debug('not shown');
  logger.info({ rows: 3 }, 'answered');
  expect(kept.map((line) => JSON.parse(line))).toEqual([{ level: 'info', time: expect.stringMatching(/^\d{4}-.*Z$/), model: 'm', rows: 3, message: 'answered' }]);
});

test('secrets are redacted by key', () => {
  const { kept, logger } = lines();
  logger.info({ password: 'hush', options: { secretAccessKey: 'hush', token: 'hush' } }, 'x');
  expect(kept.join('')).not.toContain('hush');
});

test('of an error class, code, message and causes are logged, not what clients hang on it', () => {
  const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED', $response: { headers: { authorization: 'hush' } } });
  const { kept, logger } = lines();
  logger.error({ error: new ChurnOpsError('StoreUnreachable', 'no answer', { cause }) }, 'x');
  expect(JSON.parse(kept.join(''))).toMatchObject({ error: { type: 'ChurnOpsError', code: 'StoreUnreachable', message: 'no answer', cause: { code: 'ECONNREFUSED', message: 'refused' } } });
  expect(kept.join('')).not.toContain('hush');
  expect(loggedError('text')).toEqual({ type: 'string', message: 'something other than an Error was thrown' });
});
