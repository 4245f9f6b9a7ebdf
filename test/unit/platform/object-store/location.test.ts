import { expect, test } from '@jest/globals';
import { joinKey, locationUrl, parseLocation } from '../../../../platform/object-store/location.ts';

test.each([
  { text: 's3://churn/models/telco-churn', expected: { scheme: 's3', root: 'churn', prefix: 'models/telco-churn' } },
  { text: 's3://churn/models/telco-churn//', expected: { scheme: 's3', root: 'churn', prefix: 'models/telco-churn' } },
  { text: 's3://churn', expected: { scheme: 's3', root: 'churn', prefix: '' } },
  { text: 'file:///data/models/telco-churn/', expected: { scheme: 'file', root: '/data', prefix: 'models/telco-churn' } },
  { text: 'file:///mnt/a/models/t', expected: { scheme: 'file', root: '/mnt/a', prefix: 'models/t' } },
  { text: 'file:///repository', expected: { scheme: 'file', root: '/', prefix: 'repository' } },
])('$text', ({ text, expected }) => expect(parseLocation(text)).toEqual(expected));

test.each(['http://x/y', 's3://', 's3://Upper/x', 's3://churn/../other', 'file://', 'file://host/x', 'file:///', ''])('%j is refused', (text) => {
  expect(() => parseLocation(text)).toThrow(expect.objectContaining({ code: 'ConfigurationInvalid' }));
});

test('keys and their URLs', () => {
  expect(joinKey('', 'v1', 'model.json')).toBe('v1/model.json');
  expect(locationUrl({ scheme: 's3', root: 'churn', prefix: 'models' }, 'evaluations/a')).toBe('s3://churn/evaluations/a');
  expect(locationUrl({ scheme: 'file', root: '/data', prefix: 'models' }, 'evaluations/a')).toBe('file:///data/evaluations/a');
});
