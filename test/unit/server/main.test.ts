/** @jest-environment ./test/unit/server/onnx-environment.cjs */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { FailureReport, InspectionReport } from '../../../contracts/reports.ts';
import { temporaryFolder, TINY, tinyEnvironment, tinyRepository } from './tiny-package.ts';

type Run = Readonly<{ code: number; output: string; termination: string }>;

/** Runs the program as the image does. `onLine` sees each line of output and may signal the process. */
async function run(args: readonly string[], environment: Readonly<Record<string, string>>, onLine?: (line: string, kill: () => void) => void): Promise<Run> {
  const termination = join(await temporaryFolder(), 'termination-log');
  const child = spawn(process.execPath, ['server/main.ts', ...args, '--termination-message', termination], { env: { PATH: process.env['PATH'], ...environment } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      onLine?.(text, () => child.kill('SIGTERM'));
    });
  }
  const [code]: unknown[] = await once(child, 'exit');
  return { code: typeof code === 'number' ? code : -1, output, termination: await readFile(termination, 'utf8').catch(() => '') };
}

test('wrong usage: exit 2', async () => {
  expect(await run(['serve-it'], {})).toMatchObject({ code: 2, output: expect.stringContaining('Usage: server <serve | pull | inspect | evaluate | retain>') });
});

test('a failure leaves a FailureReport and exit 1', async () => {
  const { code, termination } = await run(['pull'], { CHURNOPS_MODEL: 'm' });
  expect(code).toBe(1);
  expect(FailureReport.parse(JSON.parse(termination))).toMatchObject({ code: 'ConfigurationInvalid', message: expect.stringContaining('CHURNOPS_REPOSITORY is not set') });
});

test('an inspection that ends in Error is a finished Job', async () => {
  const { url } = await tinyRepository({});
  const { code, termination } = await run(['inspect'], { ...tinyEnvironment, CHURNOPS_REPOSITORY: url });
  expect(code).toBe(0);
  expect(InspectionReport.parse(JSON.parse(termination))).toMatchObject({ verdict: 'Error', code: 'VersionNotFound' });
});

test('SIGTERM drains, a second one hurries, and the exit code is 0', async () => {
  const args = ['serve', '--package', TINY, '--host', '127.0.0.1', '--port', '0', '--control-port', '0'];
  const { code, output } = await run(args, tinyEnvironment, (line, kill) => {
    if (line.includes('"message":"ready"') || line.includes('"message":"draining"')) kill();
  });
  expect({ code, drained: output.includes('"message":"drained"') }).toEqual({ code: 0, drained: true });
});
