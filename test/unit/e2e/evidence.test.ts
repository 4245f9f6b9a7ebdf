import { expect, test } from '@jest/globals';
import { evidencePage, minutes, type Proof } from '../../e2e/evidence.ts';

const proof: Proof = {
  name: 'schema',
  title: 'Invalid manifests are refused.',
  form: 'full',
  checks: [
    { name: 'a | b', passed: true, detail: 'two\nlines' },
    { name: 'c', passed: false, detail: 'seen' },
  ],
  figure: '1 of 2 refused',
  evidence: '',
  startedAt: new Date('2026-11-21T07:00:00Z'),
  tookMs: 61_400,
};

test('a page says figure, commit, machine and every check, failed ones too', () => {
  const page = evidencePage(proof, 'abc', 'a machine');
  for (const line of ['**1 of 2 refused**', '| result | 1 of 2 checks passed |', '| commit | abc |', '| machine | a machine |', '| a \\| b | passed | two lines |', '| c | **FAILED** | seen |']) {
    expect(page.split('\n')).toContain(line);
  }
});

test.each([[59_400, '0:59 min'], [59_600, '1:00 min'], [3_600_000, '60:00 min']])('%d ms are %s', (ms, text) => expect(minutes(ms)).toBe(text));
