/**
 * Keeps a release for the claim `upgrade`: `hack/node hack/freeze.ts COMMIT` writes test/e2e/previous/
 *
 *     operator.mjs.br server.mjs.br   its programs, as hack/bundle.ts makes them (with the npm packages of this checkout)
 *     chart.tar.br                    its chart
 *     templates.json                  pod templates that it makes of test/e2e/previous/specs.json
 *     about.json                      the commit, and sha256 of what is in the files
 *
 * In the repository, because a clone need not have the history, and an upgrade starts from what was released, not from what was written since.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompressSync, constants } from 'node:zlib';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..');
const target = join(root, 'test', 'e2e', 'previous');

/** Runs in the tree of the release. */
const TEMPLATES = `
  import { readFileSync } from 'node:fs';
  import { ChurnModelSpec } from './contracts/churn-model/spec.ts';
  import { servingDeployment } from './operator/resources/serving-deployment.ts';
  const { identity, settings, specs } = JSON.parse(readFileSync(process.argv[1], 'utf8'));
  const templateOf = (spec) => servingDeployment({ name: 'telco-churn', namespace: 'retention', uid: 'uid', annotations: {}, spec: ChurnModelSpec.parse(spec) }, settings, identity).spec.template;
  console.log(JSON.stringify(Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, templateOf(spec)])), null, 2));
`;

const [wanted] = process.argv.slice(2);
if (wanted === undefined) throw new Error('which commit? hack/node hack/freeze.ts COMMIT');
const commit = (await run('git', ['rev-parse', '--verify', `${wanted}^{commit}`], { cwd: root })).stdout.trim();

const folder = await mkdtemp(join(tmpdir(), 'churnops-freeze-'));
try {
  await run('git', ['archive', '--output', join(folder, 'tree.tar'), commit], { cwd: root });
  await run('tar', ['-xf', join(folder, 'tree.tar'), '-C', folder]);
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  await run(process.execPath, ['hack/bundle.ts'], { cwd: folder, maxBuffer: 2 ** 26 });
  // Of the commit, not of the folder in it: times are those of the commit then, and the archive is the same whenever it is made.
  await run('git', ['archive', '--output', join(folder, 'chart.tar'), commit, 'charts/churnops'], { cwd: root });

  const contents = {
    'operator.mjs': await readFile(join(folder, 'dist', 'operator.mjs')),
    'server.mjs': await readFile(join(folder, 'dist', 'server.mjs')),
    'chart.tar': await readFile(join(folder, 'chart.tar')),
  };
  await mkdir(target, { recursive: true });
  const sha256: Record<string, string> = {};
  for (const [name, content] of Object.entries(contents)) {
    const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY, [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS, [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
    const packed = brotliCompressSync(content, { params });
    await writeFile(join(target, `${name}.br`), packed);
    sha256[name] = createHash('sha256').update(content).digest('hex');
    console.log(`${name}.br ${packed.length} bytes of ${content.length}`);
  }
  const templates = await run(process.execPath, ['--input-type=module', '--eval', TEMPLATES, join(target, 'specs.json')], { cwd: folder });
  await writeFile(join(target, 'templates.json'), templates.stdout);
  await writeFile(join(target, 'about.json'), `${JSON.stringify({ commit, sha256 }, null, 2)}\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
