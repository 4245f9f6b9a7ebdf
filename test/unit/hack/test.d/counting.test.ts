import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { asOne, jestReport, junitReport, ownSummary, type Counting } from '../../../../hack/test.d/counting.ts';
import { summaryLine, total, type Counts } from '../../../../hack/test.d/suite.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'counting-'));
});
afterAll(async () => rm(folder, { recursive: true }));

const jest = { numPassedTests: 5, numFailedTests: 1, numPendingTests: 2, numTodoTests: 1, numRuntimeErrorTestSuites: 1 };
const junit = '<?xml version="1.0"?><testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="2" skipped="3" tests="10" time="1.2"><testcase tests="99"/></testsuite></testsuites>';

test.each<{ name: string; counting: Counting; exitCode?: number; stdout?: string; report?: string; expected: Counts | undefined }>([
  { name: 'a yes', counting: asOne, expected: { passed: 1, failed: 0, skipped: 0 } },
  { name: 'a no', counting: asOne, exitCode: 2, expected: { passed: 0, failed: 1, skipped: 0 } },
  { name: 'jest: a file that does not load is a failure, a todo is skipped', counting: jestReport, report: JSON.stringify(jest), expected: { passed: 5, failed: 2, skipped: 3 } },
  { name: 'jest: ended before it wrote', counting: jestReport, expected: undefined },
  { name: 'pytest: errors are failures', counting: junitReport, report: junit, expected: { passed: 4, failed: 3, skipped: 3 } },
  { name: 'pytest: ruff ended it', counting: junitReport, expected: undefined },
  { name: 'claims', counting: ownSummary, stdout: 'demo: 1 passed\n\n104 passed, 2 failed, 0 skipped\n', expected: { passed: 104, failed: 2, skipped: 0 } },
  { name: 'claims: cut off', counting: ownSummary, stdout: '104 passed, 2 failed, 0 skipped\nand then it died', expected: undefined },
])('$name', async ({ counting, exitCode = 0, stdout = '', report, expected }) => {
  const path = join(folder, report === undefined ? 'absent' : 'report');
  if (report !== undefined) await writeFile(path, report);
  expect(await counting({ exitCode, stdout, report: path })).toEqual(expected);
});

test('the last line sums all', () => {
  const sum = total([{ passed: 1, failed: 0, skipped: 2 }, { passed: 10, failed: 3, skipped: 0 }]);
  expect(summaryLine(sum)).toBe('11 passed, 3 failed, 2 skipped');
});
