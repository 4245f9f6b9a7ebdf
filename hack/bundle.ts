/**
 * Bundles the programs that run in images: `hack/node hack/bundle.ts [--arch x64|arm64]` writes
 *
 *     dist/operator.mjs   dist/server.mjs   (each with its .map)
 *     dist/node_modules/  what cannot be bundled: onnxruntime-node with the native library of one platform (46 MB instead of 288)
 *
 * A file is only touched when its content changes, and the content depends on the sources alone: hack/images names images by it.
 */
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { builtinModules, createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

/** What a program may load at run time besides Node.js itself. The operator image has no model runtime, so neither may its program. */
const programs = [
  { name: 'operator', external: [] },
  { name: 'server', external: ['onnxruntime-node'] },
] as const;

/** Speed-ups of `ws` that it does without. */
const optional = ['bufferutil', 'utf-8-validate'];

/** Packages in CommonJS call `require`, which an ES module does not have. */
const banner = "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);";

async function bundle(name: string, external: readonly string[]): Promise<void> {
  const entry = join(root, name, 'main.ts');
  if (!existsSync(entry)) throw new Error(`${relative(root, entry)} does not exist`);
  const result = await build({
    entryPoints: [entry],
    outfile: join(dist, `${name}.mjs`),
    absWorkingDir: root,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    external: [...external],
    banner: { js: banner },
    // Names and lines stay, so that a stack trace reads well even without its map.
    minifySyntax: true,
    // Node.js finds a map by the comment that `external` would leave out.
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none',
    metafile: true,
    write: false,
    logLevel: 'warning',
  });

  const allowed = new Set<string>([...builtinModules, ...external, ...optional]);
  const foreign = Object.values(result.metafile.outputs)
    .flatMap((output) => output.imports)
    .filter((found) => found.external === true && !found.path.startsWith('node:') && !allowed.has(found.path))
    .map((found) => found.path);
  if (foreign.length > 0) throw new Error(`${name} imports what its image does not hold: ${[...new Set(foreign)].join(', ')}`);
  for (const file of result.outputFiles) await writeIfChanged(file.path, file.path.endsWith('.mjs') ? oneByte(file.text) : file.contents);
  const code = result.outputFiles.find((file) => file.path.endsWith('.mjs'));
  console.error(`${name}.mjs ${((code?.contents.length ?? 0) / 1e6).toFixed(1)} MB`);
}

/**
 * Code in which every character takes one byte. Only comments hold others (esbuild escapes them everywhere else), and one curly quote in the comment of
 * some library doubles what a process keeps of its program for good: 4 MB.
 */
function oneByte(code: string): Uint8Array {
  return new TextEncoder().encode(code.replaceAll(/\P{ASCII}/gu, '?'));
}

async function writeIfChanged(path: string, content: Uint8Array): Promise<void> {
  if (existsSync(path) && (await readFile(path)).equals(content)) return;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.part`, content);
  await rename(`${path}.part`, path);
}

/** Copies onnxruntime-node without the libraries of other platforms. */
async function copyModelRuntime(arch: string): Promise<void> {
  const resolve = createRequire(join(root, 'package.json')).resolve;
  const source = dirname(resolve('onnxruntime-node/package.json'));
  const { version } = JSON.parse(await readFile(join(source, 'package.json'), 'utf8'));
  const stamp = join(dist, 'node_modules', '.onnxruntime');
  const wanted = `${version} linux/${arch}\n`;
  if (existsSync(stamp) && (await readFile(stamp, 'utf8')) === wanted) return;

  const target = join(dist, 'node_modules');
  await rm(target, { recursive: true, force: true });
  const unneeded = /\/(script|lib|README\.md)$|\.(map|d\.ts)$/;
  const foreignLibrary = (path: string): boolean => /^bin\/napi-v\d+\/(?!linux)/.test(path) || (/\/linux\/./.test(path) && !path.includes(`/linux/${arch}`));
  const copyPackage = async (from: string, name: string): Promise<void> => {
    await cp(from, join(target, name), {
      recursive: true,
      filter: (path) => !unneeded.test(path) && !foreignLibrary(relative(from, path)),
    });
  };
  await copyPackage(source, 'onnxruntime-node');
  await copyPackage(join(source, '..', 'onnxruntime-common'), 'onnxruntime-common');
  await writeFile(stamp, wanted);
}

const { values } = parseArgs({ options: { arch: { type: 'string', default: process.arch } } });
await Promise.all(programs.map(async ({ name, external }) => bundle(name, external)));
await copyModelRuntime(values.arch);
