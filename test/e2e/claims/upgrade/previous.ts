import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { z } from 'zod';
import { output, ROOT } from '../../command.ts';
import type { ReleaseValues } from '../../release.ts';

const FROZEN = join(ROOT, 'test', 'e2e', 'previous');
const FILES = ['operator.mjs', 'server.mjs', 'chart.tar'] as const;
const About = z.strictObject({ commit: z.string(), sha256: z.record(z.enum(FILES), z.string()) });

/** A source map that maps nothing: programs of a release are not debugged here. */
const NO_MAP = '{"version":3,"sources":[],"names":[],"mappings":""}';

/** The release before this one: its chart and its images, in the node. */
export type Previous = Readonly<{ commit: string; chart: string; images: Readonly<Record<'operator' | 'server', { repository: string; tag: string }>> }>;

/** Unpacks what hack/freeze.ts kept, builds its images once, and loads them. @throws Error when a file is not what was frozen */
export async function previousRelease(signal: AbortSignal): Promise<Previous> {
  const about = About.parse(JSON.parse(await readFile(join(FROZEN, 'about.json'), 'utf8')));
  const folder = join(cacheFolder(), `previous-${about.commit.slice(0, 12)}`);
  if (!existsSync(folder)) await unpack(folder, about, signal);
  const said = await output('hack/images', ['--programs', join(folder, 'programs'), 'operator', 'server'], { signal });
  const references = new Map(said.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
  await output('hack/cluster', ['load', ...references.values()], { signal });
  return { commit: about.commit, chart: join(folder, 'chart'), images: { operator: imageOf(references.get('operator')), server: imageOf(references.get('server')) } };
}

/** Values of the release with other images of the programs. */
export function withImages(values: ReleaseValues, images: Partial<Previous['images']>): ReleaseValues {
  return { ...values, images: { ...values.images, ...images } };
}

async function unpack(folder: string, about: z.infer<typeof About>, signal: AbortSignal): Promise<void> {
  const part = `${folder}.part`;
  await rm(part, { recursive: true, force: true });
  const programs = join(part, 'programs');
  await mkdir(programs, { recursive: true });
  await mkdir(join(part, 'chart'));
  for (const name of FILES) {
    const content = brotliDecompressSync(await readFile(join(FROZEN, `${name}.br`)));
    const digest = createHash('sha256').update(content).digest('hex');
    if (digest !== about.sha256[name]) throw new Error(`test/e2e/previous/${name}.br is not what was frozen: sha256 ${digest}; make it again: hack/node hack/freeze.ts ${about.commit}`);
    await writeFile(join(name === 'chart.tar' ? part : programs, name), content);
  }
  for (const name of ['operator', 'server']) await writeFile(join(programs, `${name}.mjs.map`), NO_MAP);
  await output('tar', ['-xf', join(part, 'chart.tar'), '-C', join(part, 'chart'), '--strip-components=2'], { signal });
  // The native library of the model runtime is 46 MB and has not changed: hack/demo has it.
  await cp(join(ROOT, 'dist', 'node_modules'), join(programs, 'node_modules'), { recursive: true, preserveTimestamps: true });
  await rename(part, folder);
}

function cacheFolder(): string {
  return process.env['CHURNOPS_CACHE'] ?? join(process.env['HOME'] ?? '/root', '.cache', 'churnops');
}

function imageOf(reference: string | undefined): { repository: string; tag: string } {
  if (reference === undefined) throw new Error('hack/images did not print both images');
  const colon = reference.lastIndexOf(':');
  return { repository: reference.slice(0, colon), tag: reference.slice(colon + 1) };
}
