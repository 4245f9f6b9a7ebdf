import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { z } from 'zod';
import { CHART, only, rendered, workload, type Rendered } from './helm.ts';

const run = promisify(execFile);
const ROOT = join(CHART, '../..');
const SET = 'default-values.yaml';
const REGISTRY = 'registry.test:5000/team';
// Digits alone: a tag of hack/images may be so, and is no number.
const TAG = '123456789012';

/** Blocks of code of a page, by their language. */
async function blocks(page: string, language: string): Promise<readonly string[]> {
  const text = await readFile(join(ROOT, page), 'utf8');
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, block = '']) => block.replaceAll('HOST/PATH', REGISTRY).replaceAll('TAG', TAG));
}

/** What hack/images pushes. */
async function pushed(name: string): Promise<string> {
  const { stdout } = await run('bash', ['-euc', `. hack/images.d/reference.sh; reference ${REGISTRY} ${name} ${TAG}`], { cwd: ROOT });
  return stdout.trim();
}

/** The images of an installation: operator, the models' server. */
function imagesOf(objects: readonly Rendered[]): Readonly<Record<string, string | undefined>> {
  const [container] = workload(only(objects, 'Deployment', '-operator')).template.spec.containers;
  return { operator: container?.image, server: container?.env.find(({ name }) => name === 'CHURNOPS_SERVER_IMAGE')?.value };
}

describe.each(['charts/churnops/README.md', 'docs/install.md'])('%s', (page) => {
  test('after hack/images --push the command that installs asks for what was pushed', async () => {
    const commands = (await blocks(page, 'sh')).map((block) => block.replaceAll('\\\n', ' ')).filter((block) => block.includes('helm upgrade --install') && block.includes(REGISTRY));
    expect(commands).toHaveLength(1);
    const values = [...(commands[0] ?? '').matchAll(/(--set(?:-string)?) (\S+)/g)].flatMap(([, flag = '', value = '']) => [flag, value]);
    expect(imagesOf(await rendered(SET, ...values))).toEqual({ operator: await pushed('operator'), server: await pushed('server') });
  });
});

test('docker build gives the same names', async () => {
  const [block = ''] = (await blocks('docs/install.md', 'sh')).filter((each) => each.includes('docker build --target operator -t'));
  expect(/-t (\S+)/.exec(block)?.[1]).toBe(await pushed('operator'));
});

test('values in docs/install.md are values of the chart', async () => {
  const all = (await blocks('docs/install.md', 'yaml')).filter((block) => z.looseObject({ spec: z.unknown().optional() }).parse(load(block)).spec === undefined);
  expect(all.length).toBeGreaterThan(3);
  const folder = await mkdtemp(join(tmpdir(), 'churnops-values-'));
  try {
    for (const [index, block] of all.entries()) {
      const file = join(folder, `${index}.yaml`);
      await writeFile(file, block);
      const objects = await rendered(SET, '--values', file);
      expect(objects.length).toBeGreaterThan(3);
      if (block.includes('mirror.example')) expect(imagesOf(objects)).toEqual({ operator: `mirror.example:5000/churnops/operator:${TAG}`, server: `mirror.example:5000/churnops/server:${TAG}` });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
