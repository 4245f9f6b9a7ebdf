/**
 * Bundles the programs that run in images: `hack/node hack/bundle.ts [--arch x64|arm64]` writes
 *
 *     dist/operator.mjs   dist/server.mjs   (each with its .map)
 *     dist/node_modules/  what cannot be bundled: onnxruntime-node with the native library of one platform (46 MB instead of 288), DuckDB with its
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
  { name: 'server', external: ['onnxruntime-node', '@duckdb/node-api'] },
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

/** A package that cannot be bundled; `isNeeded` says of a path within it whether the image wants it. */
type NativePackage = Readonly<{ name: string; from: string; isNeeded: (path: string) => boolean }>;

const resolve = createRequire(join(root, 'package.json')).resolve;
const target = join(dist, 'node_modules');

/** Copies packages unless they are there already, as `stamp` tells. */
async function copyPackages(stamp: string, wanted: string, packages: readonly NativePackage[]): Promise<void> {
  const stampFile = join(target, stamp);
  if (existsSync(stampFile) && (await readFile(stampFile, 'utf8')) === wanted) return;
  await rm(stampFile, { force: true });
  for (const { name, from, isNeeded } of packages) {
    await rm(join(target, name), { recursive: true, force: true });
    await cp(from, join(target, name), { recursive: true, filter: (path) => isNeeded(relative(from, path)) });
  }
  await writeFile(stampFile, wanted);
}

async function versionOf(folder: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  return String(version);
}

/** Whether a file is read at run time: what is for people and compilers is not. */
const isRead = (path: string): boolean => !/(^|\/)README\.md$|\.(map|d\.ts)$/.test(path);

/** onnxruntime-node without the libraries of other platforms. */
async function copyModelRuntime(arch: string): Promise<void> {
  const from = dirname(resolve('onnxruntime-node/package.json'));
  const foreignLibrary = (path: string): boolean => /^bin\/napi-v\d+\/(?!linux)/.test(path) || (/\/linux\/./.test(path) && !path.includes(`/linux/${arch}`));
  const isNeeded = (path: string): boolean => isRead(path) && !/^(script|lib)$/.test(path) && !foreignLibrary(path);
  await copyPackages('.onnxruntime', `${await versionOf(from)} linux/${arch}\n`, [
    { name: 'onnxruntime-node', from, isNeeded },
    { name: 'onnxruntime-common', from: join(from, '..', 'onnxruntime-common'), isNeeded },
  ]);
}

/** DuckDB, 71 MB with the library of one platform. Only `server evaluate` loads it. Without detect-libc it takes glibc for granted, as the images have it. */
async function copyDatabase(arch: string): Promise<void> {
  const from = dirname(resolve('@duckdb/node-api/package.json'));
  const native = `@duckdb/node-bindings-linux-${arch}`;
  const library = join(from, '..', '..', native);
  if (!existsSync(library)) throw new Error(`${native} is not installed: npm install --no-save --os=linux --cpu=${arch} ${native}@${await versionOf(from)}`);
  await copyPackages('.duckdb', `${await versionOf(from)} linux/${arch}\n`, [
    { name: '@duckdb/node-api', from, isNeeded: isRead },
    { name: '@duckdb/node-bindings', from: join(from, '..', 'node-bindings'), isNeeded: isRead },
    { name: native, from: library, isNeeded: isRead },
  ]);
}

const { values } = parseArgs({ options: { arch: { type: 'string', default: process.arch } } });
await Promise.all(programs.map(async ({ name, external }) => bundle(name, external)));
await copyModelRuntime(values.arch);
await copyDatabase(values.arch);
