import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Counts } from './suite.ts';

/** What a stage left to count: its exit code, what it printed, the report file it was told to write. */
export type Remains = Readonly<{ exitCode: number; stdout: string; report: string }>;

/** Counts a stage; undefined when it left nothing to count. */
export type Counting = (remains: Remains) => Promise<Counts | undefined>;

/** Yes or no: one test. */
export const asOne: Counting = async ({ exitCode }) => ({ passed: exitCode === 0 ? 1 : 0, failed: exitCode === 0 ? 0 : 1, skipped: 0 });

const JestReport = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  numRuntimeErrorTestSuites: z.number(),
});

/** `jest --json --outputFile`. A file that does not even load counts as a failed test. */
export const jestReport: Counting = async ({ report }) => {
  const text = await readIfThere(report);
  if (text === undefined) return undefined;
  const jest = JestReport.parse(JSON.parse(text));
  return { passed: jest.numPassedTests, failed: jest.numFailedTests + jest.numRuntimeErrorTestSuites, skipped: jest.numPendingTests + jest.numTodoTests };
};

/** `pytest --junitxml`: the attributes of its `<testsuite>`. */
export const junitReport: Counting = async ({ report }) => {
  const suite = (await readIfThere(report))?.match(/<testsuite [^>]*>/)?.[0];
  if (suite === undefined) return undefined;
  const [tests, failures, errors, skipped] = ['tests', 'failures', 'errors', 'skipped'].map((name) => Number(new RegExp(` ${name}="(\\d+)"`).exec(suite)?.[1] ?? 0));
  const failed = (failures ?? 0) + (errors ?? 0);
  return { passed: (tests ?? 0) - failed - (skipped ?? 0), failed, skipped: skipped ?? 0 };
};

/** Our own last line, `N passed, N failed, N skipped`. */
export const ownSummary: Counting = async ({ stdout }) => {
  const match = /^(\d+) passed, (\d+) failed, (\d+) skipped$/m.exec(stdout.trim().split('\n').at(-1) ?? '');
  return match === null ? undefined : { passed: Number(match[1]), failed: Number(match[2]), skipped: Number(match[3]) };
};

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}
