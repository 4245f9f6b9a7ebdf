/** @jest-environment ./test/unit/server/onnx-environment.cjs */
import { execFile } from 'node:child_process';
import { copyFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { closeGracefully, listen } from '../../../../platform/http/listener.ts';
import { OnnxEngine } from '../../../../server/engine/onnx.ts';
import { createDataPort } from '../../../../server/serving/data-port.ts';
import type { DataPort } from '../../../../server/serving/data-port.ts';
import { keptLogger, temporaryFolder, tinyCard, tinyGraph } from '../tiny-package.ts';
import { model } from './data-port-rig.ts';

const run = promisify(execFile);
const root = process.cwd();
const node = join(root, 'hack/node');
let onnx: OnnxEngine;
let data: DataPort;
let origin: string;

beforeAll(async () => {
  onnx = await OnnxEngine.load(tinyGraph, tinyCard);
  data = createDataPort({ model: model(), engine: onnx, registry: new Registry(), logger: keptLogger().logger, state: () => 'Ready' });
  origin = `http://127.0.0.1:${await listen(data.server, 0, '127.0.0.1')}`;
});

afterAll(async () => {
  await closeGracefully(data.server, 0);
  await onnx.close();
});

const COMPILER_OPTIONS = {
  target: 'es2024', lib: ['es2024', 'dom'], module: 'nodenext', moduleResolution: 'nodenext', strict: true, noUncheckedIndexedAccess: true,
  allowImportingTsExtensions: true, noEmit: true, skipLibCheck: true, types: ['node'],
} as const;

test('a TypeScript client generated from openapi.json compiles, refuses what the server refuses, and works', async () => {
  const folder = await temporaryFolder();
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  await copyFile(join(root, 'test/unit/server/fixtures/client-app/app.ts'), join(folder, 'app.ts'));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: COMPILER_OPTIONS, files: ['app.ts'] }));
  await writeFile(join(folder, 'openapi.json'), await (await fetch(`${origin}/openapi.json`)).text());
  await run(node, [join(root, 'node_modules/oazapfts/dist/cli.js'), 'openapi.json', 'client.ts'], { cwd: folder });
  await run(node, [join(root, 'node_modules/typescript/bin/tsc'), '--project', folder], { cwd: folder }).catch((thrown: unknown) => {
    throw new Error(`tsc: ${String(Reflect.get(Object(thrown), 'stdout'))}`);
  });
  const { stdout } = await run(node, ['app.ts', origin], { cwd: folder });
  expect(JSON.parse(stdout)).toEqual({
    rows: 2,
    text: 'Yes',
    probability: expect.closeTo(1 / (1 + Math.exp(-(3 * -0.04 + 70.5 * 0.02 + 1.1 - 0.6))), 5),
    refused: 'InvalidInstance instances[0].tenure',
    tensor: { name: 'probability', datatype: 'FP64', shape: [1], data: [expect.any(Number)] },
    elsewhere: expect.stringContaining('serves another version'),
    ready: true,
    isReady: true,
    inputs: ['tenure', 'MonthlyCharges', 'Contract'],
    schema: 'object',
  });
});
