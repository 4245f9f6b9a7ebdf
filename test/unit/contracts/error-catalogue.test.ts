import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ChurnOpsError, ERROR_CATALOGUE, isErrorCode } from '../../../contracts/error-catalogue.ts';

const page = await readFile(join(import.meta.dirname, '../../../docs/reference/errors.md'), 'utf8');
const rows = new Map(page.split('\n').flatMap((line) => {
  const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
  const code = /^`(\w+)`$/.exec(cells[1] ?? '')?.[1];
  return code === undefined ? [] : [[code, cells.slice(2, 5)] as const];
}));

describe('the error catalogue', () => {
  test('is the page in docs/reference, code by code', () => expect([...rows.keys()]).toEqual(Object.keys(ERROR_CATALOGUE)));

  test.each(Object.entries(ERROR_CATALOGUE).map(([code, entry]) => ({ code, entry })))('$code', ({ code, entry }) => {
    expect(rows.get(code)).toEqual([String(entry.status), entry.retryable ? 'yes' : 'no', entry.action.replaceAll('<', '&lt;')]);
    expect(entry.status).toBeGreaterThanOrEqual(400);
    expect(entry.status).toBeLessThan(600);
    expect(entry.action).toMatch(/^[A-Z].*\.$/);
    // A reason of a condition and a metric label.
    expect(code).toMatch(/^[A-Z][A-Za-z0-9]{2,62}$/);
    expect(isErrorCode(code)).toBe(true);
  });

  test.each(['', 'toString', 'notFound', '__proto__'])('%j is no code', (text) => expect(isErrorCode(text)).toBe(false));

  test('an error carries code, cause and details', () => {
    const cause = new Error('socket closed');
    const error = new ChurnOpsError('StoreUnreachable', 'http://s3:7070 does not answer.', { cause, details: [{ path: 'x', message: 'y' }] });
    const { name, code, message, status, retryable, action, details } = error;
    expect({ name, code, message, status, retryable, action, details }).toEqual({
      name: 'ChurnOpsError',
      code: 'StoreUnreachable',
      message: 'http://s3:7070 does not answer.',
      status: 503,
      retryable: true,
      action: 'Check that storage.endpoint answers from inside the cluster.',
      details: [{ path: 'x', message: 'y' }],
    });
    expect(error.cause).toBe(cause);
    expect(new ChurnOpsError('Internal', 'm')).not.toHaveProperty('cause');
  });
});
