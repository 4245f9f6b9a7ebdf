/**
 * `npm run generate` writes every generated document; with `--check` it writes nothing and fails when one is stale.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { generatedDocuments } from './documents.ts';

const root = join(import.meta.dirname, '..', '..');
const check = process.argv.includes('--check');

async function current(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}

let stale = 0;
for (const [path, content] of generatedDocuments()) {
  const full = join(root, path);
  if ((await current(full)) === content) continue;
  stale += 1;
  if (check) {
    console.error(`${path} is not what contracts/ says: run npm run generate and commit`);
    continue;
  }
  await mkdir(dirname(full), { recursive: true });
  await writeFile(full, content);
  console.log(`wrote ${path}`);
}
if (check && stale > 0) process.exitCode = 1;
