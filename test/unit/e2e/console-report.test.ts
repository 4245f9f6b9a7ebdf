import { expect, test } from '@jest/globals';
import { aloneReport, groupedReport, type ClaimReport } from '../../e2e/console-report.ts';

function told(make: (name: string, lines: { out: (line: string) => void; progress: (line: string) => void }) => ClaimReport): readonly string[] {
  const seen: string[] = [];
  const report = make('parity', { out: (line) => seen.push(`out ${line}`), progress: (line) => seen.push(`err ${line}`) });
  report.begin('Scores are equal.');
  report.progress('asking', '0:01');
  report.check({ name: 'all', passed: true, detail: '' });
  report.check({ name: 'one', passed: false, detail: 'differs' });
  report.end('figure');
  return seen;
}

test('a claim by itself tells every line at once', () => {
  expect(told(aloneReport)).toEqual(['out \nparity: Scores are equal.', 'err   [0:01] asking', 'out   ok      all', 'out   FAILED  one: differs', 'out figure']);
});

test('a claim beside others tells its checks in one piece, and a failure at once', () => {
  expect(told(groupedReport)).toEqual(['err   [0:01] parity: asking', 'err   parity: FAILED  one: differs', 'out \nparity: Scores are equal.\n  ok      all\n  FAILED  one: differs\nfigure']);
});
