import { expect, test } from '@jest/globals';
import { joinKey, locationUrl, parseLocation } from '../../../../platform/object-store/location.ts';

test.each([
  { text: 's3://churn/models/telco-churn', expected: { scheme: 's3', root: 'churn', rootUrl: 's3://churn', prefix: 'models/telco-churn' } },
  { text: 's3://churn/models/telco-churn//', expected: { scheme: 's3', root: 'churn', rootUrl: 's3://churn', prefix: 'models/telco-churn' } },
  { text: 's3://churn', expected: { scheme: 's3', root: 'churn', rootUrl: 's3://churn', prefix: '' } },
  { text: 'file:///data/models/telco-churn/', expected: { scheme: 'file', root: '/data', rootUrl: 'file:///data', prefix: 'models/telco-churn' } },
  { text: 'file:///mnt/a/models/t', expected: { scheme: 'file', root: '/mnt/a', rootUrl: 'file:///mnt/a', prefix: 'models/t' } },
  { text: 'file:///repository', expected: { scheme: 'file', root: '/', rootUrl: 'file://', prefix: 'repository' } },
])('$text', ({ text, expected }) => expect(parseLocation(text)).toEqual(expected));

test.each([
  { text: 'file:///models/telco-churn', prefix: 'models/telco-churn' },
  { text: 'file:///models/telco-churn/', prefix: 'models/telco-churn' },
  { text: 'file:///', prefix: '' },
  { text: 'file:///models/../../../etc', prefix: 'etc' },
  { text: 'file:///%2e%2e/%2e%2e/etc', prefix: 'etc' },
])('$text stays on its volume', ({ text, prefix }) => expect(parseLocation(text, '/mnt/volume')).toEqual({ scheme: 'file', root: '/mnt/volume', rootUrl: 'file://', prefix }));

test.each(['file:///models/..%2f..%2fetc', 'file://host/models', 'file:///models/a%00b', 'file:///models\\..\\x%5c..'])('%j is refused on a volume', (text) => {
  expect(() => parseLocation(text, '/mnt/volume')).toThrow(expect.objectContaining({ code: 'ConfigurationInvalid' }));
});

test.each(['http://x/y', 's3://', 's3://Upper/x', 's3://churn/../other', 'file://', 'file://host/x', 'file:///', ''])('%j is refused', (text) => {
  expect(() => parseLocation(text)).toThrow(expect.objectContaining({ code: 'ConfigurationInvalid' }));
});

test('keys and their URLs', () => {
  expect(joinKey('', 'v1', 'model.json')).toBe('v1/model.json');
  expect(locationUrl(parseLocation('s3://churn/models'), 'evaluations/a')).toBe('s3://churn/evaluations/a');
  expect(locationUrl(parseLocation('file:///data/models/a'), 'evaluations/a')).toBe('file:///data/evaluations/a');
  expect(locationUrl(parseLocation('file:///models/a', '/mnt/volume'), 'evaluations/a')).toBe('file:///evaluations/a');
});
